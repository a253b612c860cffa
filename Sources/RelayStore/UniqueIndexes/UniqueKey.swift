import CSodium
import LMDB

/// Names a unique text of an account's records: an externalId, an internalId …
public struct UniqueKey: Hashable, Sendable {
    /// account (4, big-endian), resource (1), kind (1), 1 and the text or 2 and its SHA-256.
    let stored: [UInt8]

    /// Bytes before the text.
    static let headBytes = 7

    /// A key from its parts; resource and kind are opaque to the store.
    public init(account: UInt32, resource: UInt8, kind: UInt8, text: some Collection<UInt8>) {
        precondition(account < Limits.accounts)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headBytes + min(text.count, Limits.uniqueTextBytes))
        // SAFETY: the bytes of a value are copied while it is there.
        withUnsafeBytes(of: account.bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(resource)
        bytes.append(kind)
        if text.count <= Limits.uniqueTextBytes {
            bytes.append(1)
            bytes.append(contentsOf: text)
        } else {
            bytes.append(2)
            bytes.append(contentsOf: sha256(Array(text)))
        }
        stored = bytes
    }
}

extension UniqueKey {
    /// What texts of one kind share.
    public struct Family: Hashable, Sendable {
        /// The account.
        public var account: UInt32
        /// The kind of record, opaque to the store.
        public var resource: UInt8
        /// The kind of text, opaque to the store.
        public var kind: UInt8
    }

    /// The kind of text that this is.
    public var family: Family {
        let account = stored.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        return Family(account: account, resource: stored[4], kind: stored[5])
    }

    /// Reads a key back.
    init(stored: [UInt8]) throws(StoreError) {
        guard stored.count >= Self.headBytes else {
            throw .corrupted(what: "a key of the unique index")
        }
        self.stored = stored
    }
}

/// SHA-256 of some bytes.
func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
    return digest
}

extension StoreView {
    /// The record that a text belongs to.
    public func record(named key: UniqueKey) throws(StoreError) -> UInt64? {
        guard let value = try value(key.stored.span.bytes, in: databases.uniqueIndex) else {
            return nil
        }
        guard value.byteCount == 8 else { throw .corrupted(what: "an entry of the unique index") }
        return value.word(at: 0)
    }
}

extension StoreTransaction {
    /// Gives a text to a record; `.duplicate` if it belongs to another one.
    public mutating func setUnique(_ key: UniqueKey, to id: UInt64) throws(StoreError) {
        if let owner = try view.record(named: key) {
            if owner == id { return }
            throw .duplicate(id: owner)
        }
        try charge(key.stored.count + 8)
        let value: InlineArray<1, UInt64> = [id]
        try put(value.span.bytes, at: key.stored.span.bytes, in: databases.uniqueIndex)
    }

    /// Replaces a record's text by another one; both may be missing.
    public mutating func replaceUnique(
        _ old: UniqueKey?, with new: UniqueKey?, of id: UInt64
    ) throws(StoreError) {
        if let old, let new, old.stored == new.stored { return }
        if let new { try setUnique(new, to: id) }
        if let old { try removeUnique(old) }
    }

    /// Takes a text from its record; says whether it had one.
    @discardableResult
    public mutating func removeUnique(_ key: UniqueKey) throws(StoreError) -> Bool {
        try delete(key.stored.span.bytes, in: databases.uniqueIndex)
    }
}
