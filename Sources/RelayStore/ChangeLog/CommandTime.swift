/// When a command happens: read from the clocks once, when the writer takes the command, and never
/// again. Whoever applies the same command at the same time gets the same store, whenever that is and
/// whatever else is in its transaction.
public struct CommandTime: Equatable, Sendable {
    /// What the machine's clock said, in milliseconds since 1970.
    public var clock: Int64
    /// How long the store was open for writing by then, in milliseconds: see `StoreTime.lived`.
    public var lived: Int64

    /// A time of those two readings.
    public init(clock: Int64, lived: Int64) {
        self.clock = clock
        self.lived = lived
    }
}
