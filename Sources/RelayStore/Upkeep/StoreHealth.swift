import Synchronization
import System

/// What goes wrong with a store while it is served: logged, counted, and asked for by whoever says
/// whether the service is ready.
public final class StoreHealth: Sendable {
    private struct State {
        var fatalError: StoreError?
        /// When the log was last told of failures, in milliseconds on the monotonic clock.
        var toldAt: Int64?
        /// Failures since then.
        var untold = 0
    }

    private let state = Mutex(State())
    private let failures = Atomic<UInt64>(0)
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
    public var failedWrites: UInt64 { failures.load(ordering: .relaxed) }

    /// A commit failed, and what was in it with it.
    func writeFailed(_ error: StoreError) {
        failures.add(1, ordering: .relaxed)
        if error.isFatal { return fatal(error) }
        let now = SystemClock.monotonic.milliseconds
        let untold: Int? = state.withLock { state in
            state.untold += 1
            if let told = state.toldAt, now < told + Limits.failureLogInterval { return nil }
            state.toldAt = now
            defer { state.untold = 0 }
            return state.untold
        }
        guard let untold else { return }
        log("\(untold == 1 ? "a write" : "\(untold) writes") failed: \(error)")
    }

    /// A command was taken out of a group: for the store's sake, or for its own.
    func commandFailed(_ error: StoreError) {
        switch error {
        case .storeFull, .corrupted, .lmdb: writeFailed(error)
        case .duplicate, .tooLarge, .incompatible, .stopped: return
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
