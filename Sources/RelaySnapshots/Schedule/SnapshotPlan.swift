/// What is done with a repository, and how often.
public struct SnapshotPlan: Sendable {
    /// Milliseconds between two snapshots.
    public var interval: Int
    /// Which snapshots stay once one more is good; all, if there is no rule.
    public var retention: RetentionPolicy
    /// Milliseconds between two verifications of everything; nil: none.
    public var verificationInterval: Int?

    /// A plan.
    public init(
        every interval: Int, keeping retention: RetentionPolicy = RetentionPolicy(),
        verifyingEvery verificationInterval: Int? = nil
    ) {
        self.interval = interval
        self.retention = retention
        self.verificationInterval = verificationInterval
    }
}
