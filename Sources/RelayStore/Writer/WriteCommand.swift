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

    /// Whether it may be refused for lack of room: false of what deletes.
    var needsRoom: Bool { get }

    /// Why it cannot be applied, when that is known before it is tried: it then costs the disk nothing.
    /// Asked for on the writer's thread.
    var refusal: StoreError? { get }

    /// Hands the command's encoding on, for a log that it can be applied from again: see `StoreCommand`.
    /// Asked for on the writer's thread, before `apply`.
    func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void)

    /// Checks everything, then changes the store; keeps its own answer. Called on the writer's
    /// thread, and again from the start if another command of its group failed.
    ///
    /// Refuse a request by returning before the first change. An error that is thrown undoes this
    /// command alone and is what `complete` is given.
    func apply(to transaction: inout StoreTransaction) throws(StoreError)

    /// Whether it is to be applied again at once after it has thrown this, because it then leaves out what
    /// it could not do. Called on the writer's thread.
    func isAppliedAgain(after error: StoreError) -> Bool

    /// Called once, on the writer's thread, when the commit is durable or has failed.
    func complete(_ result: Result<Void, StoreError>)

    /// Called once in place of `complete`, when the encoding was handed to a log that hosts share: with what
    /// came of the command that was read back from there, once that is durable here.
    func complete(applied outcome: Result<any Sendable, StoreError>)
}

extension WriteCommand {
    /// Most commands are meant.
    public var isDryRun: Bool { false }

    /// Most commands add something.
    public var needsRoom: Bool { true }

    /// Most commands are tried.
    public var refusal: StoreError? { nil }

    /// Most commands are done whole or not at all.
    public func isAppliedAgain(after error: StoreError) -> Bool { false }

    /// Most commands have no outcome but that they are done.
    public func complete(applied outcome: Result<any Sendable, StoreError>) {
        complete(outcome.map { _ in })
    }
}

/// What became of a command that was handed to the writer.
public enum Submission: Equatable, Sendable {
    /// `complete` will be called.
    case accepted
    /// Too many commands wait: the client should come back later.
    case queueFull
    /// The writer is stopping.
    case stopped
    /// Nothing can be written now, for this reason.
    case refused(ReplicaFault)
}
