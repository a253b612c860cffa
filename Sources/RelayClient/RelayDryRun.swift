/// What a write would have answered.
public struct DryRunAnswer: Equatable, Sendable {
    /// The status, as if the change had been made.
    public var status: Int
    /// The body without the ids that the change would have given: an object, an integer, `null`, or
    /// nothing.
    public var json: [UInt8]
}

/// The writes of a client as dry runs: the service checks everything, references, conflicts and
/// preconditions included, answers, and changes nothing. `RelayClient.dryRun` makes one.
public struct RelayDryRun {
    let client: RelayClient
}
