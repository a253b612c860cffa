/// Raises the level of a log that hosts share: from here on all of them do as newer programs do.
public struct RaiseLevel: StoreCommand {
    /// The kind of command.
    public static let kind = CommandKind.raiseLevel
    /// The level behind it.
    let level: UInt8

    /// Asks for it.
    public init(to level: UInt8) { self.level = level }

    /// Writes it.
    public func write(to writer: inout CommandWriter) { writer.byte(level) }

    /// Reads it.
    public init(_ reader: inout CommandReader, in context: Void) throws(CommandFault) {
        level = try reader.byte()
    }

    /// Raises it; a level that is reached already stays.
    ///
    /// - Returns: the level behind it.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) -> UInt32 {
        var state = try transaction.requireReplica()
        state.level = max(state.level, UInt32(level))
        transaction.keep(replica: state)
        return state.level
    }
}
