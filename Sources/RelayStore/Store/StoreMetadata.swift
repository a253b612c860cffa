import CSodium
import Glibc
import LMDB

/// What is fixed when a store is created.
public struct StoreMetadata: Equatable, Sendable {
    /// Version of the bytes on disk.
    public let formatVersion: UInt32
    /// Random; a part of every ETag and cursor, so that those of another store never match.
    public let epoch: UInt64
    /// Milliseconds since 1970.
    public let created: Int64

    private static let key: [UInt8] = Array("store".utf8)

    /// Writes the record of a new store: format u32, 0 u32, epoch u64, created i64.
    static func initialize(
        _ transaction: inout WriteTransaction, _ environment: Environment
    ) throws(LMDBError) {
        guard sodium_init() >= 0 else {
            throw .system(call: "sodium_init", errno: ENOSYS, path: environment.directory)
        }
        let created = StoreClock.system.now()
        let record = record(created: created)
        let database = try environment.bytesDatabase("meta")
        try transaction.put(record.span.bytes, at: key.span.bytes, in: database)
        let (time, timeKey) = (StoreTime.beginning(created).record, StoreTime.key)
        try transaction.put(time.span.bytes, at: timeKey.span.bytes, in: database)
    }

    /// The record of a store with a new epoch; libsodium must have been initialised.
    fileprivate static func record(created: Int64) -> InlineArray<3, UInt64> {
        let epoch = UInt64(randombytes_random()) << 32 | UInt64(randombytes_random())
        return [UInt64(Limits.formatVersion), epoch, UInt64(bitPattern: created)]
    }

    init(_ record: RawSpan?) throws(StoreError) {
        guard let record, record.byteCount == 24 else {
            throw .corrupted(what: "the store's metadata")
        }
        formatVersion = record.uint32(at: 0)
        guard formatVersion == Limits.formatVersion else {
            throw .incompatible(version: formatVersion)
        }
        epoch = record.word(at: 8)
        created = Int64(bitPattern: record.word(at: 16))
    }

    fileprivate static var recordKey: [UInt8] { key }
}

extension StoreView {
    func metadata() throws(StoreError) -> StoreMetadata {
        try StoreMetadata(value(StoreMetadata.recordKey.span.bytes, in: databases.meta))
    }

    /// Where the record lies in the map.
    func metadataAddress() throws(StoreError) -> Int {
        let record = try value(StoreMetadata.recordKey.span.bytes, in: databases.meta)
        // SAFETY: the address is all that leaves the closure.
        return record?.withUnsafeBytes { Int(bitPattern: $0.baseAddress) } ?? 0
    }
}

extension StoreTransaction {
    /// Replaces the store's epoch by a random one. Whoever asked the store that this one takes the place
    /// of has seen times up to now, or up to `lastTime`: what comes is later.
    mutating func renewEpoch(after lastTime: Int64?) throws(StoreError) {
        _ = try stamp()
        if let lastTime { noteTime(lastTime) }
        let record = StoreMetadata.record(created: try view.metadata().created)
        let key = StoreMetadata.recordKey
        try put(record.span.bytes, at: key.span.bytes, in: databases.meta)
    }
}
