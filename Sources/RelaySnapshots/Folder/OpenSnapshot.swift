import Glibc
import RelayStore

/// A snapshot or a live store, opened for reading.
public final class OpenSnapshot {
    /// Its records.
    public private(set) var store: Store!
    /// Where a repository's snapshot was laid out; goes away with this value.
    private let work: WorkDirectory?

    /// Opens what a name says: a snapshot's directory, REPO:ID, or a store's directory. Of a
    /// snapshot all bytes are compared with their sums before.
    public init(
        _ name: String, _ key: RepositoryKey = .none, _ progress: WorkProgress = .none
    ) throws(SnapshotError) {
        let source: SnapshotSource?
        do throws(SnapshotError) {
            source = try SnapshotSource(name, key)
        } catch .missing(let path) {
            guard try Disk.exists(name + "/data.mdb") else { throw .missing(path: path) }
            source = nil
        }
        var work: WorkDirectory?
        var directory = name
        switch source {
        case nil: break
        case .folder(let folder):
            let report = try folder.verify(.quick, progress)
            guard report.isSound else { throw .damaged(findings: report.findings) }
        case .stored(let repository, let id):
            let laidOut = try repository.layOut(id, progress)
            directory = laidOut.path
            work = laidOut
        }
        self.work = work
        do throws(StoreError) {
            store =
                source == nil
                ? try Store.openForReading(at: directory)
                : try Store.open(at: directory, options: StoreOptions(isReadOnly: true))
        } catch {
            work?.remove()
            throw .store(error)
        }
    }

    deinit {
        // Closed before its directory goes.
        store = nil
        work?.remove()
    }
}

extension Repository {
    /// Lays a snapshot out in a directory of its own, which the caller removes.
    func layOut(_ id: String, _ progress: WorkProgress) throws(SnapshotError) -> WorkDirectory {
        let lock = try lockForReading(progress.lockWait)
        defer { withExtendedLifetime(lock) {} }
        let manifest = try manifest(id)
        let map = try map(of: manifest, id)
        let work = try makeWork(for: manifest)
        do throws(SnapshotError) {
            let report = try layOut(map, manifest, in: work.path, progress)
            guard report.isSound else { throw .damaged(findings: report.findings) }
            return work
        } catch {
            work.remove()
            throw error
        }
    }
}
