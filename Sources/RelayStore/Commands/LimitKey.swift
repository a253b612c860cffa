/// Sets limits of an API key.
public struct LimitKey: StoreCommand {
    /// The kind of command.
    public static let kind = CommandKind.limitKey
    private let id: UInt64
    private let patch: KeyLimitsPatch

    /// Asks for it.
    public init(_ id: UInt64, _ patch: KeyLimitsPatch) {
        self.id = id
        self.patch = patch
    }

    /// Writes it: which limits are named, and the new values as a key's record has them.
    public func write(to writer: inout CommandWriter) {
        writer.word(id)
        writer.byte(
            (patch.requests == nil ? 0 : 1) | (patch.writes == nil ? 0 : 2)
                | (patch.uploads == nil ? 0 : 4))
        writer.bytes(patch.applied(to: KeyLimits()).stored.span.bytes.copied())
    }

    /// Reads it.
    public init(_ reader: inout CommandReader, in context: Void) throws(CommandFault) {
        id = try reader.word()
        let named = try reader.byte()
        let stored = try reader.bytes()
        guard named < 8, let limits = try? KeyLimits(stored: stored.span.bytes) else {
            throw .malformed(Self.kind)
        }
        var patch = KeyLimitsPatch()
        if named & 1 != 0 { patch.requests = .some(limits.requests) }
        if named & 2 != 0 { patch.writes = .some(limits.writes) }
        if named & 4 != 0 { patch.uploads = .some(limits.uploads) }
        self.patch = patch
    }

    /// Sets the limits; gives the key's record, nil when it is not in force.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) -> APIKeyRecord? {
        try transaction.setLimits(of: id, patch)
    }
}
