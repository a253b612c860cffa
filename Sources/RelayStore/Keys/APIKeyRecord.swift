import CSodium
import LMDB

/// What the store keeps of an API key: all but the key.
public struct APIKeyRecord: Equatable, Sendable {
    /// Names the key, for revoking it.
    public let id: UInt64
    /// The account that it opens.
    public let account: UInt32
    /// Milliseconds since 1970.
    public let created: Int64
    /// What its owner called it.
    public let label: String
    /// When it ends, in milliseconds since 1970; nil for never.
    public var expires: Int64?
    /// The last day on which it was used, as far as that was noted, in days since 1970.
    public var lastUsedDay: Int64?
    /// What may be done with it at most; nil when there is no limit.
    public var limits: KeyLimits?
}

/// A new API key. This is the only time that its text is known.
public struct NewAPIKey: Sendable {
    /// `relay_` and 40 characters of base32: 160 random bits and a checksum of 40.
    public let text: String
    /// What the store keeps of it.
    public let record: APIKeyRecord

    /// A key of that text.
    public init(text: String, record: APIKeyRecord) {
        (self.text, self.record) = (text, record)
    }
}

/// Keys under which the database `keys` has its kinds of records.
private enum KeyRecord {
    /// → generation u64
    static let generation: [UInt8] = [0]

    /// → id u64, account u32, 0 u32, created i64, label
    static func hash(_ digest: [UInt8]) -> [UInt8] { [1] + digest }

    /// → SHA-256 of the key's text
    static func id(_ id: UInt64) -> [UInt8] {
        // SAFETY: the bytes of a value are copied while it is there.
        withUnsafeBytes(of: id.bigEndian) { [2] + $0 }
    }

    /// → when the key ends i64. Programs that do not know this record let the key in for ever.
    static func expiry(_ id: UInt64) -> [UInt8] { [3] + self.id(id).dropFirst() }

    /// → day of the last use i64
    static func use(_ id: UInt64) -> [UInt8] { [4] + self.id(id).dropFirst() }

    /// → `KeyLimits.stored`. Programs that do not know this record set no limits.
    static func limits(_ id: UInt64) -> [UInt8] { [5] + self.id(id).dropFirst() }
}

extension StoreView {
    /// Changes with every key that is made or revoked.
    func keyGeneration() throws(StoreError) -> UInt64 {
        guard let value = try value(KeyRecord.generation.span.bytes, in: databases.apiKeys) else {
            return 0
        }
        guard value.byteCount == 8 else { throw .corrupted(what: "the keys' generation") }
        return value.word(at: 0)
    }

    /// The record of a key, nil for anything that is not a key in force.
    public func authenticate(
        _ text: UnsafeRawBufferPointer
    ) throws(StoreError) -> APIKeyRecord? {
        guard let digest = APIKeyText.digest(text) else { return nil }
        let key = KeyRecord.hash(digest)
        guard let value = try value(key.span.bytes, in: databases.apiKeys) else { return nil }
        let record = try apiKey(value)
        // The search above compares hashes byte by byte; what decides takes constant time.
        guard let stored = try digestOfKey(record.id),
            sodium_memcmp(stored, digest, digest.count) == 0
        else { return nil }
        return record
    }

    /// All keys in force, or those of one account, in the order in which they were made.
    public func apiKeys(account: UInt32? = nil) throws(StoreError) -> [APIKeyRecord] {
        var records: [APIKeyRecord] = []
        var id: UInt64 = 0
        while let digest = try digestOfKey(atOrAfter: &id) {
            let record = try apiKey(digest)
            if account == nil || record.account == account { records.append(record) }
            id += 1
        }
        return records
    }

    fileprivate func apiKey(_ digest: [UInt8]) throws(StoreError) -> APIKeyRecord {
        guard let value = try value(KeyRecord.hash(digest).span.bytes, in: databases.apiKeys)
        else { throw .corrupted(what: "the keys") }
        return try apiKey(value)
    }

    private func apiKey(_ value: RawSpan) throws(StoreError) -> APIKeyRecord {
        guard value.byteCount >= 24 else { throw .corrupted(what: "an API key") }
        let id = value.word(at: 0)
        return APIKeyRecord(
            id: id, account: value.uint32(at: 8),
            created: Int64(bitPattern: value.word(at: 16)),
            label: String(decoding: value.extracting(24..<value.byteCount).copied(), as: UTF8.self),
            expires: try number(KeyRecord.expiry(id)), lastUsedDay: try number(KeyRecord.use(id)),
            limits: try limits(of: id))
    }

    fileprivate func limits(of id: UInt64) throws(StoreError) -> KeyLimits? {
        guard let value = try value(KeyRecord.limits(id).span.bytes, in: databases.apiKeys) else {
            return nil
        }
        return try KeyLimits(stored: value)
    }

    /// A number that is kept of a key; nil when there is none.
    fileprivate func number(_ key: [UInt8]) throws(StoreError) -> Int64? {
        guard let value = try value(key.span.bytes, in: databases.apiKeys) else { return nil }
        guard value.byteCount == 8 else { throw .corrupted(what: "an API key") }
        return Int64(bitPattern: value.word(at: 0))
    }

    fileprivate func digestOfKey(_ id: UInt64) throws(StoreError) -> [UInt8]? {
        let value = try value(KeyRecord.id(id).span.bytes, in: databases.apiKeys)
        guard let digest = value?.copied() else { return nil }
        guard digest.count == APIKeyText.digestBytes else { throw .corrupted(what: "the keys") }
        return digest
    }

    /// The hash of the key with the next id, which `id` is then set to.
    private func digestOfKey(atOrAfter id: inout UInt64) throws(StoreError) -> [UInt8]? {
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.apiKeys)
            let start = KeyRecord.id(id)
            guard let entry = try cursor.seek(atOrAfter: start.span.bytes),
                entry.key.byteCount == 9, entry.key.byte(at: 0) == 2
            else { return nil }
            id = entry.key.word(at: 1).bigEndian
            return entry.value.copied()
        } catch {
            throw StoreError(error)
        }
    }
}

extension StoreTransaction {
    /// Makes a key with a text that is drawn here: for whoever writes without commands.
    public mutating func createAPIKey(
        account: UInt32, label: String, time: Int64, expires: Int64? = nil,
        limits: KeyLimits = KeyLimits()
    ) throws(StoreError) -> NewAPIKey {
        let text = APIKeyText.random()
        let record = try createAPIKey(
            account: account, label: label, time: time, expires: expires, limits: limits,
            digest: APIKeyText.digest(of: text))
        return NewAPIKey(text: text, record: record)
    }

    /// Makes a key for an account, which ends at `expires`, in milliseconds since 1970.
    ///
    /// - Parameter digest: `APIKeyText.digest` of its text, which only whoever asked for it is told.
    public mutating func createAPIKey(
        account: UInt32, label: String, time: Int64, expires: Int64?, limits: KeyLimits,
        digest: [UInt8]
    ) throws(StoreError) -> APIKeyRecord {
        guard label.utf8.count <= Limits.keyLabelBytes, account < Limits.accounts else {
            throw .tooLarge
        }
        let id = try nextKeyID()
        try charge(64 + label.utf8.count)
        let head: InlineArray<3, UInt64> = [id, UInt64(account), UInt64(bitPattern: time)]
        let value = head.span.bytes.copied() + Array(label.utf8)
        try put(value.span.bytes, at: KeyRecord.hash(digest).span.bytes, in: databases.apiKeys)
        try put(digest.span.bytes, at: KeyRecord.id(id).span.bytes, in: databases.apiKeys)
        if let expires { try put(expires, at: KeyRecord.expiry(id)) }
        try put(limits, of: id)
        try bumpKeyGeneration()
        var record = APIKeyRecord(
            id: id, account: account, created: time, label: label, expires: expires)
        record.limits = try view.limits(of: id)
        return record
    }

    /// Sets limits of a key, from the next request on.
    ///
    /// - Returns: the key's record; nil when it is not in force.
    public mutating func setLimits(
        of id: UInt64, _ patch: KeyLimitsPatch
    ) throws(StoreError) -> APIKeyRecord? {
        guard let digest = try view.digestOfKey(id) else { return nil }
        try put(patch.applied(to: try view.limits(of: id) ?? KeyLimits()), of: id)
        try bumpKeyGeneration()
        return try view.apiKey(digest)
    }

    /// Puts limits that hold from the generation to come on.
    private mutating func put(_ limits: KeyLimits, of id: UInt64) throws(StoreError) {
        let key = KeyRecord.limits(id)
        if limits.isEmpty {
            try delete(key.span.bytes, in: databases.apiKeys)
            return
        }
        var limits = limits
        limits.generation = try view.keyGeneration() + 1
        try charge(KeyLimits.storedBytes)
        try put(limits.stored.span.bytes, at: key.span.bytes, in: databases.apiKeys)
    }

    /// Ends a key; says whether it was in force.
    public mutating func revokeAPIKey(_ id: UInt64) throws(StoreError) -> Bool {
        guard let digest = try view.digestOfKey(id) else { return false }
        try delete(KeyRecord.hash(digest).span.bytes, in: databases.apiKeys)
        try delete(KeyRecord.id(id).span.bytes, in: databases.apiKeys)
        _ = try delete(KeyRecord.expiry(id).span.bytes, in: databases.apiKeys)
        _ = try delete(KeyRecord.use(id).span.bytes, in: databases.apiKeys)
        _ = try delete(KeyRecord.limits(id).span.bytes, in: databases.apiKeys)
        try bumpKeyGeneration()
        return true
    }

    /// Notes that keys were used on a day, in days since 1970. Keys that are not in force any more are
    /// passed over.
    public mutating func noteUse(of ids: [UInt64], day: Int64) throws(StoreError) {
        for id in ids {
            if try view.digestOfKey(id) == nil { continue }
            if let noted = try view.number(KeyRecord.use(id)), noted >= day { continue }
            try charge(64)
            try put(day, at: KeyRecord.use(id))
        }
    }

    private mutating func put(_ number: Int64, at key: [UInt8]) throws(StoreError) {
        let value: InlineArray<1, UInt64> = [UInt64(bitPattern: number)]
        try put(value.span.bytes, at: key.span.bytes, in: databases.apiKeys)
    }

    /// Generations only grow and every key takes one, so they serve as ids as well.
    private func nextKeyID() throws(StoreError) -> UInt64 { try view.keyGeneration() + 1 }

    private mutating func bumpKeyGeneration() throws(StoreError) {
        let generation: InlineArray<1, UInt64> = [try view.keyGeneration() + 1]
        try put(generation.span.bytes, at: KeyRecord.generation.span.bytes, in: databases.apiKeys)
    }
}

extension StoreTransaction {
    /// Takes over the API keys of a store that is partly damaged, into one that has none: all of them, with
    /// all that is known of them, or none. What is lost may be when a key ends, or what limits it.
    ///
    /// - Returns: how many.
    public mutating func adoptKeys(of salvage: StoreSalvage) throws(StoreError) -> Int {
        guard salvage.hasAllKeys else { return 0 }
        var adopted = 0
        for (key, value) in salvage.keyEntries {
            try charge(key.count + value.count)
            try put(value.span.bytes, at: key.span.bytes, in: databases.apiKeys)
            if key.first == KeyRecord.id(0)[0] { adopted += 1 }
        }
        return adopted
    }
}
