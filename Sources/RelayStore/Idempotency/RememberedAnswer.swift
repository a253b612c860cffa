import CSodium
import LMDB

/// The answer that a request with an Idempotency-Key was given.
public struct RememberedAnswer: ~Escapable {
    /// Milliseconds since 1970, when it was given.
    public let time: Int64
    /// What the request was: the same key with another fingerprint is a mistake of the client.
    public let fingerprint: RawSpan
    /// What it was answered, opaque to the store.
    public let answer: RawSpan

    static let headerBytes = 16

    /// time i64, fingerprint's length u32, 0 u32, fingerprint, answer.
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) throws(StoreError) {
        guard bytes.byteCount >= Self.headerBytes else {
            throw .corrupted(what: "a remembered answer")
        }
        let end = Self.headerBytes + Int(bytes.uint32(at: 8))
        guard end <= bytes.byteCount else { throw .corrupted(what: "a remembered answer") }
        time = Int64(bitPattern: bytes.word(at: 0))
        fingerprint = bytes.extracting(Self.headerBytes..<end)
        answer = bytes.extracting(end..<bytes.byteCount)
    }
}

/// Keys of the two kinds of records in the database `idempotency`.
private enum AnswerRecord {
    /// → the answer. The client's key is hashed: it may have any length.
    static func name(account: UInt32, key: some Collection<UInt8>) -> [UInt8] {
        // SAFETY: the bytes of a value are copied while it is there.
        [1] + withUnsafeBytes(of: account.bigEndian) { Array($0) } + sha256(Array(key))
    }

    /// → nothing; sorts by time, so that old answers are found without a walk.
    static func time(_ time: Int64, name: [UInt8]) -> [UInt8] {
        let sortable = UInt64(bitPattern: time) ^ 1 << 63
        // SAFETY: as above.
        return [2] + withUnsafeBytes(of: sortable.bigEndian) { Array($0) } + name
    }

    static let timeBytes = 9
}

extension StoreView {
    /// The answer remembered under a client's key.
    @_lifetime(copy self)
    public func rememberedAnswer(
        account: UInt32, key: some Collection<UInt8>
    ) throws(StoreError) -> RememberedAnswer? {
        let name = AnswerRecord.name(account: account, key: key)
        guard let value = try value(name.span.bytes, in: databases.idempotency) else {
            return nil
        }
        return try RememberedAnswer(value)
    }

    fileprivate func timeOfAnswer(_ name: [UInt8]) throws(StoreError) -> Int64? {
        guard let value = try value(name.span.bytes, in: databases.idempotency) else {
            return nil
        }
        return try RememberedAnswer(value).time
    }

    /// The oldest answer's record of time, if it is older.
    fileprivate func oldestAnswer(before time: Int64) throws(StoreError) -> [UInt8]? {
        do throws(LMDBError) {
            let start: [UInt8] = [2]
            let end = AnswerRecord.time(time, name: [])
            let cursor = try transaction.cursor(databases.idempotency)
            guard let record = try cursor.seek(atOrAfter: start.span.bytes)?.key.copied(),
                record.lexicographicallyPrecedes(end)
            else { return nil }
            return record
        } catch {
            throw StoreError(error)
        }
    }
}

extension StoreTransaction {
    /// Remembers what a request was answered, in the transaction that did what it asked for.
    public mutating func rememberAnswer(
        account: UInt32, key: some Collection<UInt8>, time: Int64, fingerprint: [UInt8],
        answer: [UInt8]
    ) throws(StoreError) {
        let name = AnswerRecord.name(account: account, key: key)
        let byteCount = RememberedAnswer.headerBytes + fingerprint.count + answer.count
        guard byteCount <= Limits.changeRecordBytes else { throw .tooLarge }
        try charge(byteCount)
        try forgetAnswer(name)
        let head: InlineArray<2, UInt64> = [UInt64(bitPattern: time), UInt64(fingerprint.count)]
        let value = head.span.bytes.copied() + fingerprint + answer
        try put(value.span.bytes, at: name.span.bytes, in: databases.idempotency)
        let record = AnswerRecord.time(time, name: name)
        try put(RawSpan(), at: record.span.bytes, in: databases.idempotency)
    }

    /// Forgets answers that are older, the oldest first and at most `limit`; returns how many.
    @discardableResult
    public mutating func forgetAnswers(before time: Int64, limit: Int) throws(StoreError) -> Int {
        var count = 0
        while count < limit, let record = try view.oldestAnswer(before: time) {
            let name = Array(record.dropFirst(AnswerRecord.timeBytes))
            try delete(record.span.bytes, in: databases.idempotency)
            try delete(name.span.bytes, in: databases.idempotency)
            count += 1
        }
        return count
    }

    private mutating func forgetAnswer(_ name: [UInt8]) throws(StoreError) {
        guard let time = try view.timeOfAnswer(name) else { return }
        try delete(
            AnswerRecord.time(time, name: name).span.bytes, in: databases.idempotency)
    }
}
