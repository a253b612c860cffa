import Glibc
import TestSupport
import Testing

@testable import RelaySnapshots

/// A process that is being started has copies of all descriptors until it becomes another program.
@Suite("Locks whose descriptor was copied") struct LockTests {
    private let directory = TemporaryDirectory()

    /// A copy of the descriptor that a file is open under, as a child has it.
    private func copy(of path: String) throws -> Int32 {
        for name in TemporaryDirectory.names(in: "/proc/self/fd") {
            var target = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink("/proc/self/fd/" + name, &target, target.count)
            let found = target.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }
            guard found.elementsEqual(path.utf8), let descriptor = Int32(name) else { continue }
            return fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        }
        throw SnapshotError.missing(path: path)
    }

    @Test("A repository's locks end with their holder, and a copy holds none of them.")
    func repository() throws {
        let repository = try Repository(creating: directory.file("repository"))
        var copies: [Int32] = []
        do {
            let lock = try repository.lockForWriting()
            copies.append(try copy(of: repository.path + "/write.lock"))
            #expect(throws: SnapshotError.busy(path: repository.path)) {
                _ = try repository.lockForWriting()
            }
            _ = consume lock
        }
        do {
            let lock = try repository.lockForReading()
            copies.append(try copy(of: repository.path + "/read.lock"))
            _ = consume lock
        }
        _ = try repository.lockForWriting()
        _ = try repository.lockForRemoving()
        for descriptor in copies { close(descriptor) }
    }

    @Test("A directory that was left behind is cleared away, whoever has a copy of its lock.")
    func workDirectory() throws {
        let prefix = directory.file("work-")
        var descriptor: Int32 = -1
        var path = ""
        do {
            let work = try WorkDirectory(prefix)
            path = work.path
            descriptor = try copy(of: path)
            WorkDirectory.removeAbandoned("work-", in: directory.path)
            #expect(Disk.exists(path))
        }
        WorkDirectory.removeAbandoned("work-", in: directory.path)
        #expect(!Disk.exists(path))
        close(descriptor)
    }
}
