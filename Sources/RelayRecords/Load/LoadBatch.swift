import JSON
import RelayContract
import RelayStore
import Zstd

/// A piece of a file, which belongs to an attachment that comes behind it.
public struct LoadedChunk: Sendable {
    /// As in `LoadedRecord`.
    let line: Int
    let attachment: UInt64
    let number: Int
    let bytes: [UInt8]
}

/// Records of one account that are loaded by one change: all that can be, each as it stands.
public struct LoadBatch: Sendable {
    /// The account.
    public let account: UInt32
    var records: [LoadedRecord]
    /// Pieces of files, which are kept before the records are loaded. They are not in the change record.
    var chunks: [LoadedChunk] = []
    /// The highest ids that were given out where the records come from: later ones go on behind them.
    var lastIDs: [Resource: UInt64] = [:]
    /// What ids of files that come with it are derived from.
    var blobSeed: UInt64 = 0
    /// Its change record's payload, if that was made ahead.
    private var prepared: [UInt8]?

    init(account: UInt32, records: [LoadedRecord] = []) {
        precondition(account < RelayStore.Limits.accounts, "an account has a number that keys hold")
        self.account = account
        self.records = records
    }
}

/// The change record of a load holds what was loaded, so that the change can be applied again: JSON
/// lines without an account, as one zstd frame, for a load is large and much like itself.
extension LoadBatch {
    /// The payload; made here unless it was prepared.
    var payload: [UInt8] { prepared ?? makePayload() }

    /// Makes the payload on this thread, so that the writer's need not: compressing it is a fifth of the
    /// work of a load.
    mutating func prepare() { prepared = makePayload() }

    private func makePayload() -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(records.reduce(0) { $0 + $1.json.count + 64 })
        var writer = JSONWriter()
        for record in records {
            writer.reset()
            writer.beginObject()
            writer.member("account", UInt64(account))
            writer.member("resource", record.resource.name)
            writer.member("id", record.id)
            if !record.privateBytes.isEmpty {
                writer.member("private", Hexadecimal.text(record.privateBytes))
            }
            writer.name("document")
            // SAFETY: copied by the writer during the call.
            record.json.withUnsafeBytes { writer.raw($0) }
            writer.endObject()
            lines += writer.bytes
            lines.append(0x0A)
        }
        for (resource, id) in lastIDs.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            writer.reset()
            writer.beginObject()
            writer.member("account", UInt64(account))
            writer.member("resource", resource.name)
            writer.member("lastId", id)
            writer.endObject()
            lines += writer.bytes
            lines.append(0x0A)
        }
        return Self.compress(lines)
    }

    private static func compress(_ lines: [UInt8]) -> [UInt8] {
        do throws(ZstdError) {
            var compressor = try Compressor(level: Limits.loadLevel)
            // SAFETY: the lines are read during the call.
            return try lines.span.bytes.withUnsafeBytes { (bytes) throws(ZstdError) in
                try compressor.compress(bytes)
            }
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Reads a change record back; nil when it is not what `payload` wrote.
    init?(payload: UnsafeRawBufferPointer) {
        var lines: [UInt8]
        do throws(ZstdError) {
            var decompressor = try Decompressor()
            lines = try decompressor.decompress(payload, atMost: Limits.loadBytes)
        } catch {
            return nil
        }
        let reading = DumpReader().read(lines)
        guard reading.faults.isEmpty, let batch = reading.batches.first,
            reading.batches.count == 1
        else { return nil }
        self = batch
    }
}

/// Bytes as text, for what JSON cannot hold otherwise.
enum Hexadecimal {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for anything but pairs of lower-case digits.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}
