import Synchronization

/// Tells whoever waits for long work how far it is, and ends the work when it is cancelled.
public struct WorkProgress: Sendable {
    /// What is being done.
    public enum Stage: String, Sendable {
        /// Pages go from one file to another.
        case copying
        /// Bytes are compared with their sums.
        case hashing
        /// Records, or the snapshots of a repository, are looked at.
        case checking
        /// Changes are applied again.
        case replaying
        /// Records go into a store.
        case loading
    }

    private let show: @Sendable (Stage, Int, Int) -> Void
    let cancellation: Cancellation
    private let patience: LockPatience

    /// Tells nobody, and is never cancelled.
    public static let none = WorkProgress()

    /// - Parameters:
    ///   - cancellation: ends the work at its next step.
    ///   - patience: how long to wait for a repository that is busy.
    ///   - show: told how many of how many bytes (or changes, records, snapshots) a stage has done.
    public init(
        cancellation: Cancellation = Cancellation(), patience: LockPatience = .none,
        show: @escaping @Sendable (Stage, Int, Int) -> Void = { _, _, _ in }
    ) {
        self.cancellation = cancellation
        self.patience = patience
        self.show = show
    }

    /// The wait for the locks of a repository, from now on.
    var lockWait: LockWait { LockWait(patience, cancellation) }

    /// Whether the work shall not go on.
    var isCancelled: Bool { cancellation.isRequested }

    /// Says how far a stage is; throws `cancelled` if it shall not go on.
    func report(_ stage: Stage, _ done: Int, of total: Int) throws(SnapshotError) {
        if isCancelled { throw .cancelled }
        show(stage, done, total)
    }
}

/// Ends work before its time.
public final class Cancellation: Sendable {
    private let requested = Atomic<Bool>(false)
    private let isRequestedElsewhere: @Sendable () -> Bool
    /// Can be read once it is requested elsewhere; -1 for none.
    let descriptor: Int32

    /// - Parameters:
    ///   - descriptor: can be read once that is so, for work that sleeps; -1 for none.
    ///   - isRequestedElsewhere: asked now and then, such as for a signal that has come.
    public init(
        descriptor: Int32 = -1, _ isRequestedElsewhere: @escaping @Sendable () -> Bool = { false }
    ) {
        self.descriptor = descriptor
        self.isRequestedElsewhere = isRequestedElsewhere
    }

    /// Ends the work at its next step.
    public func request() { requested.store(true, ordering: .relaxed) }

    /// Whether the work shall end.
    var isRequested: Bool { requested.load(ordering: .relaxed) || isRequestedElsewhere() }
}
