/// Where commands go that are to be applied: to the writer's queue, or to a log first that hosts share.
protocol CommandEntrance: AnyObject, Sendable {
    /// Takes a command; never blocks.
    ///
    /// - Parameter evenIfFull: for what frees room or ends what was begun: it may not be turned away.
    func submit(_ command: any WriteCommand, evenIfFull: Bool) -> Submission

    /// Takes a command after some milliseconds, whatever waits then. It is dropped when nothing is taken any
    /// more before that.
    func submit(_ command: any WriteCommand, after milliseconds: Int64)
}
