import Synchronization
import System

/// What goes wrong with a store while it is served: logged, counted, and asked for by whoever says
/// whether the service is ready.
public final class StoreHealth: Sendable {
    private struct State {
        var fatalError: StoreError?
        var writes = Failures()
        var reads = Failures()
    }

    /// Failures of a kind, of which the log is told now and then.
    private struct Failures {
        /// When the log was told last, in milliseconds on the monotonic clock.
        var toldAt: Int64?
        /// Failures since then.
        var untold = 0

        /// Adds one; returns how many the log is to be told of, nil if it was told a while ago only.
        mutating func add(at now: Int64) -> Int? {
            untold += 1
            if let toldAt, now < toldAt + Limits.failureLogInterval { return nil }
            toldAt = now
            defer { untold = 0 }
            return untold
        }
    }

    private let state = Mutex(State())
    private let writeFailures = Atomic<UInt64>(0)
    private let readFailures = Atomic<UInt64>(0)
    private let isBroken = Atomic<Bool>(false)
    private let log: @Sendable (String) -> Void
    private let whenFatal: @Sendable (StoreError) -> Void

    /// Knows of nothing wrong.
    ///
    /// - Parameters:
    ///   - log: told a line of each thing that goes wrong; of many of a kind, now and then.
    ///   - whenFatal: called once, on the thread that found out, when this process can write to the
    ///     store no more.
    public init(
        log: @escaping @Sendable (String) -> Void = { _ in },
        whenFatal: @escaping @Sendable (StoreError) -> Void = { _ in }
    ) {
        self.log = log
        self.whenFatal = whenFatal
    }

    /// Why this process can write to the store no more; nil as long as it can.
    public var fatalError: StoreError? {
        isBroken.load(ordering: .acquiring) ? state.withLock { $0.fatalError } : nil
    }

    /// Writes that failed for the store's sake since the start: commits, each with all that was in
    /// it, and commands that were taken out of one.
    public var failedWrites: UInt64 { writeFailures.load(ordering: .relaxed) }

    /// Requests since the start that were answered with an error, or whose answer was broken off,
    /// because something in the store could not be read.
    public var failedReads: UInt64 { readFailures.load(ordering: .relaxed) }

    /// A commit failed, and what was in it with it.
    func writeFailed(_ error: StoreError) {
        writeFailures.add(1, ordering: .relaxed)
        if error.isFatal { return fatal(error) }
        tell(\.writes, "write", error)
    }

    /// A request met something in the store that cannot be read.
    public func readFailed(_ error: StoreError) {
        switch error {
        case .corrupted, .incompatible, .lmdb, .storeFull: break
        case .duplicate, .documentFull, .tooLarge, .stopped: return
        }
        readFailures.add(1, ordering: .relaxed)
        if error.isFatal { return fatal(error) }
        tell(\.reads, "read", error)
    }

    private func tell(
        _ kind: WritableKeyPath<State, Failures>, _ name: String, _ error: StoreError
    ) {
        let now = SystemClock.monotonic.milliseconds
        let count = state.withLock { $0[keyPath: kind].add(at: now) }
        guard let count else { return }
        log("\(count == 1 ? "a \(name)" : "\(count) \(name)s") failed: \(error)")
    }

    /// A command was taken out of a group: for the store's sake, or for its own.
    func commandFailed(_ error: StoreError) {
        switch error {
        case .storeFull, .corrupted, .lmdb: writeFailed(error)
        case .duplicate, .documentFull, .tooLarge, .incompatible, .stopped: return
        }
    }

    /// This process can write to the store no more.
    func fatal(_ error: StoreError) {
        let isFirst = state.withLock { state in
            if state.fatalError != nil { return false }
            state.fatalError = error
            return true
        }
        guard isFirst else { return }
        isBroken.store(true, ordering: .releasing)
        log("\(error)")
        whenFatal(error)
    }

    /// Something beside the commits is worth a line.
    func tell(_ line: String) { log(line) }
}
