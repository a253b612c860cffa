import Logs
import Synchronization
import System

/// What goes wrong with a store while it is served: logged, counted, and asked for by whoever says
/// whether the service is ready.
public final class StoreHealth: Sendable {
    private let fatal = Mutex<StoreError?>(nil)
    private let writeFailures = Atomic<UInt64>(0)
    private let readFailures = Atomic<UInt64>(0)
    private let isBroken = Atomic<Bool>(false)
    private let failing = Mutex<FailingWrites?>(nil)
    /// The newest commit when the commits were looked at last.
    private let newest = Atomic<UInt64>(0)
    private let log: Log
    private let whenFatal: @Sendable (StoreError) -> Void

    /// Knows of nothing wrong.
    ///
    /// - Parameters:
    ///   - log: told of each thing that goes wrong; of many of a kind, now and then.
    ///   - whenFatal: called once, on the thread that found out, when this process can write to the
    ///     store no more.
    public init(
        log: Log = .none,
        whenFatal: @escaping @Sendable (StoreError) -> Void = { _ in }
    ) {
        self.log = log
        self.whenFatal = whenFatal
    }

    /// Why this process can write to the store no more; nil as long as it can.
    public var fatalError: StoreError? {
        isBroken.load(ordering: .acquiring) ? fatal.withLock { $0 } : nil
    }

    /// Writes that failed for the store's sake since the start: commits, each with all that was in
    /// it, and commands that were taken out of one.
    public var failedWrites: UInt64 { writeFailures.load(ordering: .relaxed) }

    /// Requests since the start that were answered with an error, or whose answer was broken off,
    /// because something in the store could not be read.
    public var failedReads: UInt64 { readFailures.load(ordering: .relaxed) }

    /// Why writes fail; nil as long as some are kept. To a second.
    public var failingWrites: StoreError? { failing.withLock { $0?.error } }

    /// A commit failed, and what was in it with it.
    func writeFailed(_ error: StoreError) {
        writeFailures.add(1, ordering: .relaxed)
        if error.isFatal { return becomeFatal(error) }
        let now = SystemClock.monotonic.milliseconds
        failing.withLock { failing in
            if failing?.error != error { failing = FailingWrites(error, at: now) }
            failing?.add(at: now)
        }
        tell("write_failed", "a write", error)
    }

    /// A request met something in the store that cannot be read.
    public func readFailed(_ error: StoreError) {
        switch error {
        case .corrupted, .incompatible, .unreadable, .lmdb, .file, .log, .storeFull, .unwritable:
            break
        case .quotaExceeded, .duplicate, .blobExists, .noUpload, .documentFull, .tooLarge, .stopped,
            .noThread, .replica:
            return
        }
        readFailures.add(1, ordering: .relaxed)
        if error.isFatal { return becomeFatal(error) }
        tell("read_failed", "a read", error)
    }

    private func tell(_ event: StaticString, _ what: String, _ error: StoreError) {
        log.write(
            .error, event, every: Limits.failureLogInterval, "\(what) failed: \(error)")
    }

    /// A command was taken out of a group: for the store's sake, or for its own.
    func commandFailed(_ error: StoreError) {
        switch error {
        case .storeFull, .corrupted, .unreadable, .lmdb, .file, .log, .unwritable:
            writeFailed(error)
        case .quotaExceeded, .duplicate, .blobExists, .noUpload, .documentFull, .tooLarge,
            .incompatible, .stopped, .noThread, .replica:
            return
        }
    }

    /// Looks whether something was committed since the last look. Once a disk has refused every write for long
    /// enough, it is not waited for any longer; room may come at any time.
    ///
    /// - Parameter commit: the newest one.
    func look(atNewest commit: UInt64) {
        let before = newest.exchange(commit, ordering: .relaxed)
        let lasting = failing.withLock { failing -> FailingWrites? in
            if commit != before { failing = nil }
            return failing.flatMap { $0.isLasting ? $0 : nil }
        }
        if let lasting { becomeFatal(.unwritable(why: "\(lasting.error)")) }
    }

    /// What was committed did not reach the disk: the kernel says so once, and what it has in memory is
    /// not to be relied on from then on.
    func checkpointFailed(_ error: StoreError) {
        becomeFatal(.log(.checkpointFailed(why: "\(error)")))
    }

    /// This process can write to the store no more.
    func becomeFatal(_ error: StoreError) {
        let isFirst = fatal.withLock { fatal in
            if fatal != nil { return false }
            fatal = error
            return true
        }
        guard isFirst else { return }
        isBroken.store(true, ordering: .releasing)
        log.write(.error, "not_ready", "\(error)")
        whenFatal(error)
    }

    /// Something beside the commits is worth a line.
    func tell(_ level: LogLevel, _ event: StaticString, _ message: String) {
        log.write(level, event, message)
    }
}

/// Commits that failed for the same reason, and none that went well between them.
private struct FailingWrites {
    let error: StoreError
    private let since: Int64
    private var last: Int64
    private var count = 0

    init(_ error: StoreError, at now: Int64) {
        self.error = error
        (since, last) = (now, now)
    }

    mutating func add(at now: Int64) {
        last = now
        count += 1
    }

    /// Whether the disk has refused so many, over so long a time, that the next one need not be tried.
    var isLasting: Bool {
        switch error {
        case .lmdb, .file:
            count >= Limits.failingCommits && last - since >= Limits.failingMilliseconds
        default: false
        }
    }
}
