import JSON
import RelayRecords
import RelayStore

/// What a salvage has brought over, and what is missing.
public struct SalvageReport: Sendable {
    /// A record that the new store does not have.
    public struct Record: Sendable {
        /// Account, kind and id.
        public let key: DocumentKey
        /// Why; nil for one whose bytes are lost.
        public let reason: String?
        /// Numbers of the chunks of an attachment's file that are lost, from 0 on.
        public let chunks: [Int]

        init(_ key: DocumentKey, reason: String? = nil, chunks: [Int] = []) {
            self.key = key
            self.reason = reason
            self.chunks = chunks
        }
    }

    /// Records that are missing and whose ids nobody knows.
    public struct Unnamed: Sendable {
        /// Nil for those of all accounts.
        public let account: UInt32?
        /// Their kind.
        public let resource: UInt8
        /// How many.
        public let count: UInt64
    }

    /// Records of the new store.
    public internal(set) var restored: UInt64 = 0
    /// Records that are lost or damaged, by account, kind and id.
    public internal(set) var missing: [Record] = []
    /// Of records that are lost, those whose ids are lost as well.
    public internal(set) var unnamed: [Unnamed] = []
    /// Records that could be read, but refer to one that is missing.
    public internal(set) var unplaced: [Record] = []
    /// API keys of the new store.
    public internal(set) var keys = 0
    /// Whether these are all that there were.
    public internal(set) var hasAllKeys = true
    /// Whether ids go on behind all that were ever given out.
    public internal(set) var hasCounters = true
    /// What is damaged.
    public internal(set) var findings: [String] = []

    /// Whether nothing is missing.
    public var isComplete: Bool {
        missing.isEmpty && unnamed.isEmpty && unplaced.isEmpty && hasAllKeys && hasCounters
    }

    /// Members `restoredRecords`, `missingRecords`, `unplacedRecords`, `keys`, `allKeys`, `allCounters`, and
    /// lists: `missing` and `unplaced` of `account`, `resource`, `id`, `reason` and `chunks` (those that an
    /// attachment lacks), `unnamed` of `account`, `resource` and `count`, `findings` of sentences.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("restoredRecords", restored)
        writer.member(
            "missingRecords", unnamed.reduce(UInt64(missing.count)) { $0 + $1.count })
        writer.member("unplacedRecords", unplaced.count)
        writer.member("keys", keys)
        writer.member("allKeys", hasAllKeys)
        writer.member("allCounters", hasCounters)
        writer.name("missing")
        Self.write(missing, as: "missing", to: &writer)
        writer.name("unnamed")
        writer.beginArray()
        for group in unnamed {
            writer.beginObject()
            writer.member("state", "missing")
            if let account = group.account { writer.member("account", UInt64(account)) }
            writer.member("resource", Manifest.name(ofResource: group.resource))
            writer.member("count", group.count)
            writer.endObject()
        }
        writer.endArray()
        writer.name("unplaced")
        Self.write(unplaced, as: "unplaced", to: &writer)
        writer.name("findings")
        writer.beginArray()
        for finding in findings { writer.value(finding) }
        writer.endArray()
    }

    private static func write(_ records: [Record], as state: String, to writer: inout JSONWriter) {
        writer.beginArray()
        for record in records {
            writer.beginObject()
            writer.member("state", state)
            writer.member("account", UInt64(record.key.account))
            writer.member("resource", Manifest.name(ofResource: record.key.resource))
            writer.member("id", record.key.id)
            if let reason = record.reason { writer.member("reason", reason) }
            if !record.chunks.isEmpty {
                writer.member(
                    "chunks", record.chunks.map { "\($0)" }.joined(separator: ","))
            }
            writer.endObject()
        }
        writer.endArray()
    }
}
