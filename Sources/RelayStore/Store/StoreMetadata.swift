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
    fileprivate static func record(
        created: Int64, format: UInt32 = Limits.formatVersion
    ) -> InlineArray<3, UInt64> {
        let epoch = UInt64(randombytes_random()) << 32 | UInt64(randombytes_random())
        return [UInt64(format), epoch, UInt64(bitPattern: created)]
    }

    init(_ record: RawSpan?) throws(StoreError) {
        guard let record, record.byteCount == 24 else {
            throw .corrupted(what: "the store's metadata")
        }
        formatVersion = record.uint32(at: 0)
        guard (Limits.oldestFormat...Limits.replicaFormat).contains(formatVersion) else {
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

    /// Version of the bytes on disk by now: `Store.metadata` has that of when the store was opened.
    public func formatVersion() throws(StoreError) -> UInt32 { try metadata().formatVersion }

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
        keepTimeOfCommand()
        if let lastTime { noteTime(lastTime) }
        // What comes is not what others apply.
        try leaveLog()
        let old = try view.metadata()
        let record = StoreMetadata.record(
            created: old.created, format: min(old.formatVersion, Limits.formatVersion))
        let key = StoreMetadata.recordKey
        try put(record.span.bytes, at: key.span.bytes, in: databases.meta)
    }
}

extension Store {
    /// Whether the store has the newest format by now.
    public func hasNewestFormat() throws(StoreError) -> Bool {
        let reader = try makeReader()
        return try reader.view.formatVersion() >= Limits.formatVersion
    }
}

/// A store of an older format has all documents, but not all lists: whoever knows what is on them fills
/// them before anything else is changed.
extension StoreTransaction {
    /// Whether the store has the newest format; looks once in a transaction.
    public mutating func hasNewestFormat() throws(StoreError) -> Bool {
        if format == nil { format = try view.formatVersion() }
        return format! >= Limits.formatVersion
    }

    /// Says that the store has the newest format from here on, so that older programs refuse it.
    public mutating func setNewestFormat() throws(StoreError) {
        try setFormat(Limits.formatVersion)
    }

    /// Says which format the store has from here on.
    mutating func setFormat(_ version: UInt32) throws(StoreError) {
        let old = try view.metadata()
        let record: InlineArray<3, UInt64> = [
            UInt64(version), old.epoch, UInt64(bitPattern: old.created),
        ]
        let key = StoreMetadata.recordKey
        try put(record.span.bytes, at: key.span.bytes, in: databases.meta)
        format = version
    }
}
