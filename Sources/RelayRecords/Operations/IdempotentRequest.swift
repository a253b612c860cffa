import RelayStore

/// A request that must not be carried out twice (draft-ietf-httpapi-idempotency-key-header).
public struct IdempotentRequest: Sendable {
    /// What the client calls it.
    public var key: [UInt8]
    /// What it asks for, see `RequestFingerprint`.
    public var fingerprint: [UInt8]

    /// A request under that key.
    public init(key: [UInt8], fingerprint: [UInt8]) {
        self.key = key
        self.fingerprint = fingerprint
    }
}

extension StoreTransaction {
    /// What the request was answered when it came before: nil when it did not, or too long ago.
    func recall(
        _ request: IdempotentRequest, account: UInt32, now: Int64
    ) throws(StoreError) -> RecordAnswer? {
        let view = view
        guard let remembered = try view.rememberedAnswer(account: account, key: request.key),
            remembered.time > now - RelayStore.Limits.rememberedMilliseconds
        else { return nil }
        guard remembered.fingerprint.copiedBytes == request.fingerprint else {
            return RecordAnswer(
                .init(
                    .idempotencyKeyReused,
                    "another request had this Idempotency-Key within 24 hours: use a new key"))
        }
        guard var answer = RecordAnswer(remembered: remembered.answer.copiedBytes) else {
            throw .corrupted(what: "a remembered answer")
        }
        answer.isReplayed = true
        return answer
    }

    /// Remembers what was done for the request and answered, in the transaction that did it.
    mutating func remember(
        _ answer: RecordAnswer, to request: IdempotentRequest, account: UInt32, now: Int64
    ) throws(StoreError) {
        try rememberAnswer(
            account: account, key: request.key, time: now, fingerprint: request.fingerprint,
            answer: answer.remembered)
        try forgetAnswers(
            before: now - RelayStore.Limits.rememberedMilliseconds,
            limit: RelayStore.Limits.forgottenAnswers)
    }
}

/// A success as it is remembered: status u16, flags u8 (1 a version, 2 a created id), 0 (5),
/// version u64, created id u64, body.
extension RecordAnswer {
    private static let headerBytes = 24
    /// Status codes of successes.
    private static let successes = 200..<300

    var remembered: [UInt8] {
        precondition(problem == nil && Self.successes.contains(status), "a success is remembered")
        var bytes = [UInt8](repeating: 0, count: Self.headerBytes)
        bytes.reserveCapacity(Self.headerBytes + body.count)
        // SAFETY: the array's own bytes, all offsets within its header.
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt16(status).littleEndian, as: UInt16.self)
            bytes[2] = (version == nil ? 0 : 1) | (createdID == nil ? 0 : 2)
            bytes.storeBytes(
                of: (version ?? 0).littleEndian, toByteOffset: 8, as: UInt64.self)
            bytes.storeBytes(
                of: (createdID ?? 0).littleEndian, toByteOffset: 16, as: UInt64.self)
        }
        return bytes + body
    }

    init?(remembered bytes: [UInt8]) {
        guard bytes.count >= Self.headerBytes else { return nil }
        // Whoever answers takes this for a status code.
        guard Self.successes.contains(Int(bytes[0]) | Int(bytes[1]) << 8) else { return nil }
        // SAFETY: the array's own bytes, all offsets within its header.
        self = bytes.withUnsafeBytes { bytes in
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            return RecordAnswer(
                Int(UInt16(littleEndian: bytes.loadUnaligned(as: UInt16.self))),
                body: Array(bytes[Self.headerBytes...]),
                version: bytes[2] & 1 == 0 ? nil : word(8),
                createdID: bytes[2] & 2 == 0 ? nil : word(16))
        }
    }
}

extension RawSpan {
    /// A copy of the bytes.
    fileprivate var copiedBytes: [UInt8] {
        // SAFETY: copied during this call.
        withUnsafeBytes { Array($0) }
    }
}
