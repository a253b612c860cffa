import CLinux
import Glibc
import Synchronization
import System
import TestSupport
import Testing

@testable import RelaySnapshots

extension Error {
    /// Whether it says that this very process is at work on a repository.
    func isBusy(_ path: String) -> Bool {
        guard case .busy(path, let holder?, _)? = self as? SnapshotError else { return false }
        return holder.pid == getpid()
    }
}

extension LockWait {
    /// Waits for nobody.
    static var none: LockWait { WorkProgress.none.lockWait }
}

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
            let lock = try repository.lockForWriting(.none)
            copies.append(try copy(of: repository.path + "/write.lock"))
            #expect {
                _ = try repository.lockForWriting(.none)
            } throws: { $0.isBusy(repository.path) }
            _ = consume lock
        }
        do {
            let lock = try repository.lockForReading(.none)
            copies.append(try copy(of: repository.path + "/read.lock"))
            _ = consume lock
        }
        _ = try repository.lockForWriting(.none)
        _ = try repository.lockForRemoving(.none)
        for descriptor in copies { close(descriptor) }
    }

    /// Locks for as long as `body` runs, on this thread.
    private func holding(_ repository: Repository, _ body: () throws -> Void) throws {
        let lock = try repository.lockForWriting(.none)
        try body()
        withExtendedLifetime(lock) {}
    }

    @Test("Who waits has the lock as soon as it is free, and tells whom it waits for.")
    func waiting() throws {
        let repository = try Repository(creating: directory.file("repository"))
        let told = Bell()
        let path = repository.path
        let progress = WorkProgress(
            patience: LockPatience(milliseconds: 60_000) { sentence in
                #expect(
                    sentence.contains("(process \(getpid())), at work on \(path)"), "\(sentence)")
                told.ring()
            })
        let gotIt = Mutex(false)
        var thread: SystemThread?
        try holding(repository) {
            thread = try SystemThread {
                let lock = try? repository.lockForWriting(progress.lockWait)
                gotIt.withLock { $0 = lock != nil }
            }
            #expect(told.waitForRing(milliseconds: 60_000))
            #expect(!gotIt.withLock { $0 })
        }
        thread?.join()
        #expect(gotIt.withLock { $0 })
    }

    @Test("Who waits in vain says so, and holds nobody up later.")
    func inVain() throws {
        let repository = try Repository(creating: directory.file("repository"))
        try holding(repository) {
            let wait = WorkProgress(patience: LockPatience(milliseconds: 20)).lockWait
            #expect {
                _ = try repository.lockForWriting(wait)
            } throws: { "\($0)".contains("is still at work on \(repository.path) after 20 ms") }
        }
        // What gave up lets go at once where it still comes to have the lock.
        let patient = WorkProgress(patience: LockPatience(milliseconds: 60_000)).lockWait
        _ = try repository.lockForWriting(patient)
    }

    @Test("A wait ends when the work is cancelled.")
    func cancelled() throws {
        let repository = try Repository(creating: directory.file("repository"))
        let event = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        defer { close(event) }
        let cancellation = Cancellation(descriptor: event)
        let progress = WorkProgress(
            cancellation: cancellation,
            patience: LockPatience(milliseconds: 3_600_000) { _ in
                cancellation.request()
                eventfd_write(event, 1)
            })
        try holding(repository) {
            #expect(throws: SnapshotError.cancelled) {
                _ = try repository.lockForWriting(progress.lockWait)
            }
        }
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
            #expect(try Disk.exists(path))
        }
        WorkDirectory.removeAbandoned("work-", in: directory.path)
        #expect(try !Disk.exists(path))
        close(descriptor)
    }
}
