/// A unit of writing: all of it happens or nothing.
///
/// Commands are deterministic: random values are fixed before a command is submitted, and its time when
/// the writer takes it (`CommandTime`, `StoreTransaction.stamp`). So the same commands, applied elsewhere
/// at the same times in the same order, give the same store, in whatever groups they are committed.
public protocol WriteCommand: AnyObject, Sendable {
    /// Bytes that the command holds, which the queue and a group commit are capped in.
    var byteCount: Int { get }

    /// Whether the change is only tried out: it is applied like any other, then thrown away.
    var isDryRun: Bool { get }

    /// Hands the command's encoding on, for a log that it can be applied from again: see `StoreCommand`.
    /// Asked for on the writer's thread, before `apply`.
    func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void)

    /// Checks everything, then changes the store; keeps its own answer. Called on the writer's
    /// thread, and again from the start if another command of its group failed.
    ///
    /// Refuse a request by returning before the first change. An error that is thrown undoes this
    /// command alone and is what `complete` is given.
    func apply(to transaction: inout StoreTransaction) throws(StoreError)

    /// Called once, on the writer's thread, when the commit is durable or has failed.
    func complete(_ result: Result<Void, StoreError>)
}

extension WriteCommand {
    /// Most commands are meant.
    public var isDryRun: Bool { false }
}

/// What became of a command that was handed to the writer.
public enum Submission: Sendable {
    /// `complete` will be called.
    case accepted
    /// Too many commands wait: the client should come back later.
    case queueFull
    /// The writer is stopping.
    case stopped
}
