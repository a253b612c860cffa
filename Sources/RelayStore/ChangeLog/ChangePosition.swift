/// A place between two records of the change log: what is before it was seen.
public struct ChangePosition: Equatable, Sendable {
    /// Every change up to this sequence number is before the place, with all its records.
    public var sequence: UInt64
    /// How many records of the next change are before it as well.
    public var passed: Int

    /// The place behind a change, or behind some of the records of the one after it.
    public init(after sequence: UInt64, passed: Int = 0) {
        self.sequence = sequence
        self.passed = passed
    }
}
