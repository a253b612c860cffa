/// How far a recovery is.
public struct RecoveryProgress: Equatable, Sendable {
    /// Whether the machine was started anew, and so the store went back to its last checkpoint.
    public let isFromCheckpoint: Bool
    /// Bytes of the log that were read.
    public var bytes: UInt64
    /// Bytes of it that there are at most.
    public var mostBytes: UInt64
    /// Groups that were applied.
    public var groups: Int
    /// Commands in them.
    public var commands: Int
    /// Whether the log ended with a group that was not whole.
    public var endsTorn: Bool
    /// Why the last group of the log cannot be applied: it was refused, or would have been. Nobody was told
    /// that it is kept.
    public var refusal: String?
    /// Whether it is done.
    public var isDone: Bool
}

extension RecoveryProgress: CustomStringConvertible {
    /// What was done so far, as a sentence.
    public var description: String {
        let start = isFromCheckpoint ? "from its last checkpoint" : "from its newest commit"
        let work = "\(commands) commands in \(groups) groups of its log"
        let end =
            endsTorn
            ? "; the last group of the log is not whole, as one that was being written when the machine "
                + "stopped"
            : refusal.map { "; the last group of the log was not kept: \($0)" } ?? ""
        return isDone
            ? "the store was not left in order: it went on \(start), with \(work)\(end)"
            : "the store goes on \(start): \(work) so far, \(bytes >> 20) of at most "
                + "\(mostBytes >> 20) MiB"
    }
}
