import CLinux
import Glibc
import Synchronization
import System

/// How long to wait for a repository that another process is at work on, and whom to tell of it.
public struct LockPatience: Sendable {
    /// Milliseconds; 0: not at all.
    let milliseconds: Int
    let tell: @Sendable (String) -> Void

    /// Waits for nobody.
    public static let none = LockPatience(milliseconds: 0)

    /// - Parameter tell: told once for each wait, in a sentence, who is waited for.
    public init(milliseconds: Int, tell: @escaping @Sendable (String) -> Void = { _ in }) {
        self.milliseconds = milliseconds
        self.tell = tell
    }
}

/// One wait for the locks of a repository: they share its time.
struct LockWait {
    private let patience: LockPatience
    private let cancellation: Cancellation
    private let start = SystemClock.monotonic.milliseconds

    init(_ patience: LockPatience, _ cancellation: Cancellation) {
        self.patience = patience
        self.cancellation = cancellation
    }

    /// Locks an open file.
    ///
    /// - Parameter path: the repository, for messages.
    func lock(
        _ file: borrowing DiskFile, _ operation: Int32, _ path: String
    ) throws(SnapshotError) {
        if try Self.tryLock(file.descriptor, operation, file.path) { return }
        let holder = LockHolder(of: file.descriptor)
        let end = start + Int64(patience.milliseconds)
        guard SystemClock.monotonic.milliseconds < end else {
            throw .busy(path: path, holder: holder, waited: patience.milliseconds)
        }
        patience.tell("waiting for \(SnapshotError.name(holder)), at work on \(path)")
        guard let waiter = LockWaiter(file.descriptor, operation) else {
            throw .system(call: "lock", path: file.path, errno: EAGAIN)
        }
        while true {
            let left = end - SystemClock.monotonic.milliseconds
            let result = waiter.wait(
                milliseconds: max(0, left), orReadable: cancellation.descriptor)
            if result == 0 { return }
            if let result { throw .system(call: "lock", path: file.path, errno: result) }
            let isOver = left <= 0
            if cancellation.isRequested || isOver {
                // It may have come at the last moment.
                if waiter.giveUp() { return }
                if !isOver { throw .cancelled }
                throw .busy(
                    path: path, holder: LockHolder(of: file.descriptor),
                    waited: patience.milliseconds)
            }
        }
    }

    private static func tryLock(
        _ descriptor: Int32, _ operation: Int32, _ path: String
    ) throws(SnapshotError) -> Bool {
        if flock(descriptor, operation | LOCK_NB) == 0 { return true }
        if errno == EWOULDBLOCK { return false }
        throw .system(call: "lock", path: path, errno: errno)
    }
}

/// Waits for a lock on a thread of its own, since flock(2) knows no end of a wait.
///
/// The thread has a copy of the descriptor, so both have the same lock. Who gives up leaves the
/// thread where it is: the kernel wakes it when the lock is free, and it lets go of it at once.
private final class LockWaiter: Sendable {
    private enum State {
        case waiting
        /// 0, or an errno.
        case ended(Int32)
        case abandoned
    }

    private let state = Mutex(State.waiting)
    private let bell = Bell()

    /// Begins to wait; nil if the machine has no room for it.
    init?(_ descriptor: Int32, _ operation: Int32) {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { return nil }
        let thread = try? SystemThread { [self] in
            var code: Int32 = 0
            while flock(copy, operation) != 0 {
                code = errno
                if code != EINTR { break }
                code = 0
            }
            let isAbandoned = state.withLock { state in
                if case .abandoned = state { return true }
                state = .ended(code)
                return false
            }
            if isAbandoned { flock(copy, LOCK_UN) }
            close(copy)
            bell.ring()
        }
        if thread == nil {
            close(copy)
            return nil
        }
    }

    /// 0 if the lock is there, an errno if it failed; nil after so many milliseconds, or when a
    /// descriptor can be read.
    func wait(milliseconds: Int64, orReadable other: Int32) -> Int32? {
        if let result { return result }
        _ = bell.waitForRing(milliseconds: milliseconds, orReadable: other)
        return result
    }

    private var result: Int32? {
        state.withLock { state in
            if case .ended(let code) = state { return code }
            return nil
        }
    }

    /// Waits no more; true if the lock is there.
    func giveUp() -> Bool {
        state.withLock { state in
            if case .ended(let code) = state { return code == 0 }
            state = .abandoned
            return false
        }
    }
}
