/// Marks a place in a log that hosts share, behind which each of them makes a digest of its store.
public struct MarkLog: StoreCommand {
    /// The kind of command.
    public static let kind = CommandKind.markLog

    /// Asks for it.
    public init() {}

    /// There is nothing to write.
    public func write(to writer: inout CommandWriter) {}

    /// Reads it.
    public init(_ reader: inout CommandReader, in context: Void) throws(CommandFault) {}

    /// Changes nothing.
    ///
    /// - Returns: number of the message that it came in, less one.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) -> UInt64 {
        try transaction.requireReplica().sequence
    }
}
