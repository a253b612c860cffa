import CivilTime
import Glibc
import JSON
import RelayRecords
import RelayStore

/// What a snapshot says of itself: what is in it, and the sums to check it by.
///
/// A JSON object in one line. Its last member, `checksum`, is the BLAKE2b-256 of all bytes before
/// it, so that a manifest that was changed by a bit is found out too.
public struct Manifest: Equatable, Sendable {
    /// The program that made it, with its version.
    public var program: String
    /// When the snapshot was begun.
    public var createdAt: Timestamp
    /// What the admin called it.
    public var label: String?
    /// Whether free pages were left out: then it has other page numbers than the store.
    public var isCompact: Bool
    /// The store's epoch.
    public var epoch: UInt64
    /// Sequence number of the last change in it.
    public var sequence: UInt64
    /// Number of the commit.
    public var transaction: UInt64
    /// Version of the store's bytes on disk.
    public var storeFormat: Int
    /// Bytes of a page.
    public var pageBytes: Int
    /// Pages of data.mdb, free ones among them.
    public var pages: Int
    /// Pages that are in use.
    public var usedPages: Int
    /// BLAKE2b-512 of data.mdb in hexadecimal, as `b2sum` prints it.
    public var blake2b: String
    /// Documents of each account and resource; of each resource, under account 0, where these are too many.
    public var counts: [DocumentCount]
    /// XXH3-64 of each `Limits.segmentBytes` of data.mdb: they tell where a copy is torn.
    public var segments: [UInt64]
    /// Where a repository has the pages; nil when data.mdb lies beside the manifest.
    public var stored: StoredPages?
    /// Up to where the store had applied the log that it shares with other hosts; nil when it shared none.
    public var log: LogPlace?

    /// What a repository keeps for a snapshot.
    public struct StoredPages: Equatable, Sendable {
        /// Name of the page map, which is its BLAKE2b-256.
        public var map: String
        /// Pages that no earlier snapshot held.
        public var addedPages: Int
        /// Bytes that it added to the repository.
        public var addedBytes: Int
    }

    /// A message of a log that hosts share.
    public struct LogPlace: Equatable, Sendable {
        /// Which log.
        public var identity: LogIdentity
        /// The message's number.
        public var sequence: UInt64

        /// The members of an object.
        fileprivate func writeMembers(to writer: inout JSONWriter) {
            writer.beginObject()
            writer.member("identity", "\(identity)")
            writer.member("sequence", sequence)
            writer.endObject()
        }
    }

    /// Bytes of data.mdb.
    public var bytes: Int { pages * pageBytes }
    /// Documents in all.
    public var documents: UInt64 { counts.reduce(0) { $0 + $1.documents } }

    static let fileName = "manifest.json"
    static let checksumBytes = 32

    // MARK: Writing

    /// The manifest as it is in the file.
    public var encoded: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writeMembers(to: &writer)
        writer.endObject()
        return Self.closed(Array(writer.bytes.dropLast()))
    }

    /// An object in one line whose last member is the checksum of what stands before it.
    static func closed(_ body: [UInt8]) -> [UInt8] {
        body + Array(",\"checksum\":\"\(checksum(body))\"}\n".utf8)
    }

    /// All members but the checksum.
    private func writeMembers(to writer: inout JSONWriter) {
        writer.member("format", Limits.formatVersion)
        writer.member("program", program)
        writer.member("createdAt", createdAt)
        if let label { writer.member("label", label) }
        writer.member("compact", isCompact)
        // Text, because it has 64 bits and JSON's readers have 53.
        writer.member("epoch", String(epoch, radix: 16))
        writer.member("sequence", sequence)
        writer.member("transaction", transaction)
        writer.member("storeFormat", storeFormat)
        writer.member("bytes", bytes)
        writer.member("pageBytes", pageBytes)
        writer.member("pages", pages)
        writer.member("usedPages", usedPages)
        writer.member("blake2b", blake2b)
        if let stored {
            writer.name("stored")
            writer.beginObject()
            writer.member("map", stored.map)
            writer.member("addedPages", stored.addedPages)
            writer.member("addedBytes", stored.addedBytes)
            writer.endObject()
        }
        if let log {
            writer.name("log")
            log.writeMembers(to: &writer)
        }
        writer.name("counts")
        writer.beginArray()
        for count in counts {
            writer.beginObject()
            writer.member("account", UInt64(count.account))
            writer.member("resource", Self.name(ofResource: count.resource))
            writer.member("kind", UInt64(count.resource))
            writer.member("documents", count.documents)
            writer.endObject()
        }
        writer.endArray()
        writer.member("segmentBytes", Limits.segmentBytes)
        writer.name("segments")
        writer.beginArray()
        for segment in segments { writer.value(String(segment, radix: 16)) }
        writer.endArray()
    }

    /// What a kind of record is called.
    static func name(ofResource raw: UInt8) -> String {
        Resource(rawValue: raw).map { "\($0)" } ?? "resource \(raw)"
    }

    static func checksum(_ body: [UInt8]) -> String {
        // SAFETY: hashed inside the closure.
        hexadecimal(body.withUnsafeBytes { BLAKE2b.hash($0, bytes: checksumBytes) })
    }
}

extension Manifest {
    /// The figures that a list or a report shows: all but the sums of segments.
    public func writeSummary(to writer: inout JSONWriter) {
        writer.member("createdAt", createdAt)
        if let label { writer.member("label", label) }
        writer.member("epoch", String(epoch, radix: 16))
        writer.member("sequence", sequence)
        if let log {
            writer.name("log")
            log.writeMembers(to: &writer)
        }
        writer.member("documents", documents)
        writer.member("bytes", bytes)
        writer.member("usedBytes", usedPages * pageBytes)
        writer.member("blake2b", blake2b)
    }
}

extension [DocumentCount] {
    /// The counts as a manifest has them: it must not become longer than what reads it takes.
    var listed: [DocumentCount] {
        if count <= Limits.manifestCounts { return self }
        var sums: [UInt8: UInt64] = [:]
        for count in self { sums[count.resource, default: 0] += count.documents }
        return sums.sorted { $0.key < $1.key }.map {
            DocumentCount(account: 0, resource: $0.key, documents: $0.value)
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
    // SAFETY: two digits for each byte, which is the room that is asked for.
    String(unsafeUninitializedCapacity: 2 * bytes.count) { digits in
        for (number, byte) in bytes.enumerated() {
            digits[2 * number] = hexadecimalDigit(byte >> 4)
            digits[2 * number + 1] = hexadecimalDigit(byte & 0xF)
        }
        return 2 * bytes.count
    }
}

private func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}
