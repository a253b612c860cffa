import Glibc
import RelayStore

/// A snapshot or a live store, opened for reading.
public final class OpenSnapshot {
    /// Its records.
    public private(set) var store: Store!
    /// Where a repository's snapshot was laid out; goes away with this value.
    private let work: String?

    /// Opens what a name says: a snapshot's directory, REPO:ID, or a store's directory. Of a
    /// snapshot all bytes are compared with their sums before.
    public init(_ name: String, _ watch: Watch = .none) throws(SnapshotError) {
        let source: SnapshotSource?
        do throws(SnapshotError) {
            source = try SnapshotSource(name)
        } catch .missing where Disk.exists(name + "/data.mdb") {
            source = nil
        }
        var work: String?
        var directory = name
        switch source {
        case nil: break
        case .folder(let folder):
            let report = try folder.verify(.quick, watch)
            guard report.isSound else { throw .damaged(findings: report.findings) }
        case .stored(let repository, let id):
            directory = try repository.layOut(id, watch)
            work = directory
        }
        self.work = work
        let isReadOnly = source != nil
        do throws(StoreError) {
            store = try Store.open(
                at: directory, options: StoreOptions(isReadOnly: isReadOnly))
        } catch {
            if let work { Repository.removeWork(work) }
            throw .store(error)
        }
    }

    deinit {
        // Closed before its directory goes.
        store = nil
        if let work { Repository.removeWork(work) }
    }
}

extension Repository {
    /// Lays a snapshot out in a directory of its own, which the caller removes.
    func layOut(_ id: String, _ watch: Watch) throws(SnapshotError) -> String {
        let lock = try lockForReading()
        defer { withExtendedLifetime(lock) {} }
        let manifest = try manifest(id)
        let map = try map(of: manifest, id)
        try Disk.requireSpace(manifest.usedPages * manifest.pageBytes, in: path)
        let work = try makeWork()
        do throws(SnapshotError) {
            let report = try layOut(map, manifest, in: work, watch)
            guard report.isSound else { throw .damaged(findings: report.findings) }
            return work
        } catch {
            Self.removeWork(work)
            throw error
        }
    }

    private static let workPrefix = "work-"

    /// Makes a directory for this process, and no other one, to lay a snapshot out in.
    func makeWork() throws(SnapshotError) -> String {
        var number = 0
        while true {
            let work = "\(path)/\(Self.workPrefix)\(getpid())-\(number)"
            if mkdir(work, 0o700) == 0 { return work }
            guard errno == EEXIST else { throw .system(call: "mkdir", path: work, errno: errno) }
            number += 1
        }
    }

    /// Removes a directory that a snapshot was laid out in.
    static func removeWork(_ directory: String) {
        for name in Disk.names(in: directory) ?? [] { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }

    /// Removes such directories of processes that have ended.
    func removeAbandonedWork() {
        for name in Disk.names(in: path) ?? [] where name.hasPrefix(Self.workPrefix) {
            let process =
                pid_t(
                    name.dropFirst(Self.workPrefix.count).prefix { $0.isNumber }) ?? 0
            if process > 0, kill(process, 0) != 0, errno == ESRCH {
                Self.removeWork("\(path)/\(name)")
            }
        }
    }
}
