/// Ends an API key.
public struct RevokeKey: StoreCommand {
    /// The kind of command.
    public static let kind = CommandKind.revokeKey
    /// It can be done in a full store.
    public let needsRoom = false
    private let id: UInt64

    /// Asks for it.
    public init(_ id: UInt64) { self.id = id }

    /// Writes it.
    public func write(to writer: inout CommandWriter) { writer.word(id) }

    /// Reads it.
    public init(_ reader: inout CommandReader, in context: Void) throws(CommandFault) {
        id = try reader.word()
    }

    /// Ends the key; says whether it was in force.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) -> Bool {
        try transaction.revokeAPIKey(id)
    }
}
