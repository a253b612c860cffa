import RelayStore

@testable import RelaySnapshots

/// A store, and an encrypted repository with two snapshots of it in two packs.
final class EncryptedFixture {
    let snapshots: SnapshotFixture
    let key: RepositoryKey
    let repository: Repository
    let path: String

    init(orders: Int = 300, passphrase: String? = nil) throws {
        snapshots = try SnapshotFixture(orders: orders)
        path = snapshots.file("repository")
        let file = snapshots.file("key")
        if let passphrase {
            try Disk.write(Array((passphrase + "\n").utf8), to: file)
            key = RepositoryKey(.passphraseFile(file))
        } else {
            key = RepositoryKey(.keyFile(file))
        }
        repository = try Repository(creating: path, key, makesKeyFile: true)
    }

    /// Takes two snapshots and verifies both, so that there are two files of each kind.
    func fill() throws {
        _ = try repository.take(snapshots.store, SnapshotFixture.options)
        try snapshots.update([3, 4, 5], to: "changed")
        try snapshots.add(200)
        _ = try repository.take(snapshots.store, SnapshotFixture.options)
        guard try repository.verifyAll(.full).isSound else { throw SnapshotError.cancelled }
    }

    /// Paths of all files of the repository but the locks.
    var files: [String] {
        ["", "/packs", "/maps", "/snapshots"].flatMap { folder in
            ((try? Disk.names(in: path + folder)) ?? []).map { "\(path)\(folder)/\($0)" }
        }.filter { (try? Disk.names(in: $0)) == nil && !$0.hasSuffix(".lock") }
    }

    /// Of one folder.
    func files(in folder: String, _ suffix: String) -> [String] {
        files.filter { $0.hasPrefix("\(path)/\(folder)/") && $0.hasSuffix(suffix) }
    }

    /// What is wrong, as who opens the repository anew sees it.
    func findings(_ depth: VerificationDepth = .quick) -> [String] {
        do throws(SnapshotError) {
            return try Repository(path, RepositoryKey(key.source)).verifyAll(depth).findings
        } catch {
            return ["\(error)"]
        }
    }
}
