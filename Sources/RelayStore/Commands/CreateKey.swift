/// Makes an API key.
public struct CreateKey: StoreCommand {
    /// The kind of command.
    public static let kind = CommandKind.createKey
    private let account: UInt32
    private let label: String
    private let time: Int64
    private let expires: Int64?
    private let limits: KeyLimits
    private let digest: [UInt8]

    /// Asks for it.
    ///
    /// - Parameters:
    ///   - time: when it is made, in milliseconds since 1970.
    ///   - expires: when it ends, likewise.
    ///   - digest: `APIKeyText.digest` of its text.
    public init(
        account: UInt32, label: String, time: Int64, expires: Int64?, limits: KeyLimits,
        digest: [UInt8]
    ) {
        self.account = account
        self.label = label
        self.time = time
        self.expires = expires
        self.limits = limits
        self.digest = digest
    }

    /// Writes it.
    public func write(to writer: inout CommandWriter) {
        writer.uint32(account)
        writer.bytes(Array(label.utf8))
        writer.word(time)
        writer.word(ifAny: expires.map { UInt64(bitPattern: $0) })
        writer.bytes(limits.stored.span.bytes.copied())
        writer.bytes(digest)
    }

    /// Reads it.
    public init(_ reader: inout CommandReader, in context: Void) throws(CommandFault) {
        account = try reader.uint32()
        label = try reader.text()
        time = try reader.signedWord()
        expires = try reader.wordIfAny().map { Int64(bitPattern: $0) }
        let stored = try reader.bytes()
        digest = try reader.bytes()
        guard let limits = try? KeyLimits(stored: stored.span.bytes),
            digest.count == APIKeyText.digestBytes
        else { throw .malformed(Self.kind) }
        self.limits = limits
    }

    /// Makes the key; gives its record.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) -> APIKeyRecord {
        try transaction.createAPIKey(
            account: account, label: label, time: time, expires: expires, limits: limits,
            digest: digest)
    }
}
