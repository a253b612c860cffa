import Glibc
import JSON
import RelayContract
import RelayStore

/// Reads lines of a dump: decodes and checks each as far as that goes without a store.
public final class DumpReader {
    /// What was in some lines.
    public struct Reading {
        /// The records, by account in the order of the lines.
        public fileprivate(set) var batches: [LoadBatch] = []
        /// The lines that hold none.
        public fileprivate(set) var faults: [LoadFault] = []
    }

    /// The first or the last line of a dump.
    public enum Frame {
        /// The header, with the version of the form and the documents that follow.
        case header(version: Int64, documents: Int64)
        /// The end, with the documents that came.
        case end(documents: Int64)
    }

    private let parser = JSONParser()
    private var writer = JSONWriter()

    /// Makes a reader, for one thread.
    public init() {}

    /// Reads whole lines; empty ones are passed over, and so are a header and an end.
    public func read(_ lines: UnsafeRawBufferPointer) -> Reading {
        var reading = Reading()
        var start = 0
        var number = 0
        while start < lines.count {
            // SAFETY: the caller keeps the lines during this call.
            let rest = UnsafeRawBufferPointer(rebasing: lines[start...])
            let newline = memchr(rest.baseAddress!, 0x0A, rest.count)
            let length = newline.map { UnsafeRawPointer($0) - rest.baseAddress! } ?? rest.count
            read(UnsafeRawBufferPointer(rebasing: rest[..<length]), number, into: &reading)
            start += length + 1
            number += 1
        }
        return reading
    }

    /// As above, for lines in an array.
    public func read(_ lines: [UInt8]) -> Reading {
        // SAFETY: the array's bytes, during this call.
        lines.withUnsafeBytes { read($0) }
    }

    /// What a line says about the dump itself; nil for a record, or for what cannot be read.
    public func frame(_ line: UnsafeRawBufferPointer) -> Frame? {
        guard let value = try? parser.parse(line) else { return nil }
        let documents = value["documents"]?.integer ?? 0
        if let version = value["dump"]?.integer {
            return .header(version: version, documents: documents)
        }
        return value["end"] == nil ? nil : .end(documents: documents)
    }

    // MARK: A line

    private func read(
        _ line: UnsafeRawBufferPointer, _ number: Int, into reading: inout Reading
    ) {
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
        do throws(LineFault) {
            guard let (account, content) = try content(of: line, number) else { return }
            if reading.batches.last?.account != account {
                reading.batches.append(LoadBatch(account: account))
            }
            let last = reading.batches.count - 1
            switch content {
            case .record(let record): reading.batches[last].records.append(record)
            case .chunk(let chunk): reading.batches[last].chunks.append(chunk)
            case .counter(let resource, let id):
                let known = reading.batches[last].lastIDs[resource] ?? 0
                reading.batches[last].lastIDs[resource] = max(known, id)
            }
        } catch {
            reading.faults.append(LoadFault(line: number, detail: error.detail))
        }
    }

    private enum Content {
        case record(LoadedRecord)
        case chunk(LoadedChunk)
        case counter(Resource, UInt64)
    }

    /// The record of a line.
    private struct LineRecord {
        var resource: Resource
        var id: UInt64
        var model: RecordModel
        var privateBytes: [UInt8]
    }

    private enum Line {
        case frame
        case record(UInt32, LineRecord)
        case chunk(UInt32, LoadedChunk)
        case counter(UInt32, Resource, UInt64)
    }

    /// What a load would have against a line; nil if it takes it.
    func fault(in line: UnsafeRawBufferPointer) -> String? {
        do throws(LineFault) {
            _ = try decode(line, 0)
            return nil
        } catch {
            return error.detail
        }
    }

    /// The members of a line.
    private struct Members {
        var account: Int64?
        var resource: JSONString?
        var id: Int64?
        var document: JSONValue?
        var privateBytes: [UInt8] = []
        var chunk: Int64?
        var bytes: [UInt8]?
        var lastID: Int64?
        var isDamaged = false
        /// A header or an end.
        var isFrame = false
    }

    private func content(
        of line: UnsafeRawBufferPointer, _ number: Int
    ) throws(LineFault) -> (UInt32, Content)? {
        switch try decode(line, number) {
        case .frame: return nil
        case .chunk(let account, let chunk): return (account, .chunk(chunk))
        case .counter(let account, let resource, let id):
            return (account, .counter(resource, id))
        case .record(let account, let found):
            writer.reset()
            found.model.write(to: &writer)
            let record = LoadedRecord(
                line: number, resource: found.resource, id: found.id, account: account,
                model: found.model, json: writer.bytes, privateBytes: found.privateBytes)
            return (account, .record(record))
        }
    }

    private func decode(
        _ line: UnsafeRawBufferPointer, _ number: Int
    ) throws(LineFault) -> Line {
        let value: JSONValue
        do throws(JSONFault) {
            value = try parser.parse(line)
        } catch {
            let reason = "\(error)".replacing(" line 1, column", with: " column")
            throw LineFault(detail: "not JSON: \(reason)")
        }
        let members = try members(of: value)
        if members.isFrame { return .frame }
        guard let account = members.account.flatMap({ UInt32(exactly: $0) }), account > 0,
            account < RelayStore.Limits.accounts
        else {
            throw LineFault(
                detail: "account: expected a number from 1 to \(RelayStore.Limits.accounts - 1)")
        }
        guard let name = members.resource.map({ String($0) }),
            let resource = Resource(named: name)
        else { throw LineFault(detail: "resource: expected a kind of record, such as order") }
        if let bytes = members.bytes {
            let chunk = try LoadedChunk(number, resource, members.id, members.chunk, bytes)
            return .chunk(account, chunk)
        }
        if let last = members.lastID { return .counter(account, resource, try lastID(last)) }
        if members.isDamaged {
            throw LineFault(
                detail:
                    "damaged: the record was damaged in the store that was dumped; take it from an "
                    + "older dump, or take this member out if the document is right")
        }
        guard let document = members.document else {
            throw LineFault(detail: "document: the member is missing")
        }
        let model = try model(resource, document, account)
        let id = try id(members.id, model)
        let privateBytes = try privateBytes(members.privateBytes, of: resource)
        return .record(
            account,
            LineRecord(resource: resource, id: id, model: model, privateBytes: privateBytes))
    }

    /// What the store keeps beside a document is no part of it, but is answered or relied on as well.
    private func privateBytes(
        _ bytes: [UInt8], of resource: Resource
    ) throws(LineFault) -> [UInt8] {
        switch resource {
        case .attachment:
            if AttachmentContent(loaded: bytes) != nil { return bytes }
            throw LineFault(detail: "private: expected the length and the digest of the file")
        case .eedMonth:
            // A line without any is of a month without benchmarks.
            let benchmarks = bytes.isEmpty ? [EedBenchmark]().json : bytes
            // The document was read from the same parser, and is read by now.
            let isRead = benchmarks.span.bytes.withUnsafeBytes {
                // SAFETY: read during the call.
                [EedBenchmark].areStored($0, parser)
            }
            if isRead { return benchmarks }
            throw LineFault(detail: "private: expected benchmarks as a JSON array")
        default: return bytes
        }
    }

    private func lastID(_ said: Int64) throws(LineFault) -> UInt64 {
        guard let id = UInt64(exactly: said), id <= RelayStore.Limits.provisionalIDs else {
            throw LineFault(
                detail: "lastId: expected a number from 0 to \(RelayStore.Limits.provisionalIDs)")
        }
        return id
    }

    /// The id of line and document, of which one may be silent but not both.
    private func id(_ said: Int64?, _ model: RecordModel) throws(LineFault) -> UInt64 {
        guard let id = said.map({ UInt64(exactly: $0) ?? 0 }) ?? model.id,
            Resource.isStorable(id), id <= RelayStore.Limits.provisionalIDs
        else {
            throw LineFault(
                detail: "id: expected a number from 1 to \(RelayStore.Limits.provisionalIDs)")
        }
        if let own = model.id, own != id {
            throw LineFault(detail: "id: the document has another id, \(own)")
        }
        return id
    }

    private func members(of value: JSONValue) throws(LineFault) -> Members {
        guard value.kind == .object else {
            throw LineFault(detail: "expected the line to be a JSON object")
        }
        var members = Members()
        for (name, value) in value.members {
            switch String(name) {
            case "account": members.account = value.integer
            case "resource": members.resource = value.string
            case "id": members.id = value.integer ?? 0
            case "version": break
            case "dump", "end":
                members.isFrame = true
                return members
            case "document": members.document = value
            case "lastId": members.lastID = value.integer ?? -1
            case "damaged": members.isDamaged = value.boolean ?? true
            case "chunk": members.chunk = value.integer
            case "bytes":
                guard let bytes = value.string.flatMap({ LoadedChunk.bytes($0.bytes) }) else {
                    throw LineFault(detail: "bytes: expected base64 of at most one chunk")
                }
                members.bytes = bytes
            case "private":
                guard let bytes = value.string.flatMap({ Hexadecimal.bytes($0.bytes) }) else {
                    throw LineFault(detail: "private: expected pairs of hexadecimal digits")
                }
                members.privateBytes = bytes
            case let other:
                throw LineFault(
                    detail: "\(other.prefix(64)): a line of a dump has no member of this name")
            }
        }
        return members
    }

    private func model(
        _ resource: Resource, _ document: JSONValue, _ account: UInt32
    ) throws(LineFault) -> RecordModel {
        var faults = Faults()
        guard let model = RecordModel(resource, decoding: document, into: &faults) else {
            if faults.isEmpty {
                throw LineFault(detail: "resource: a \(resource) is a part of another record")
            }
            let details = faults.listed.prefix(Limits.faultsPerLine)
                .map { "document\($0.pointer): \($0.detail)" }
            let more = faults.count - details.count
            throw LineFault(
                detail: details.joined(separator: "; ") + (more > 0 ? "; \(more) more" : ""))
        }
        guard model.account == nil || model.account == UInt64(account) else {
            throw LineFault(detail: "document/accountId: expected the account of the line")
        }
        return model
    }
}
