import System

extension Timestamp {
    /// Now, as the machine's clock has it. The times of a store's changes are not taken from here: the
    /// store gives times that never go back.
    public static var now: Timestamp { Timestamp(milliseconds: SystemClock.wall.milliseconds) }
}
