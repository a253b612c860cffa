import JSON
import RelayStore

/// Writes a dump: a header, a line for each document, a line that says that this is all. DUMP.md has
/// the form.
///
/// A document is stored as JSON, so a line is a few words and a copy: nothing is parsed.
public struct DumpWriter {
    /// The version of the form that is written. Those from 1 on are read.
    public static let version = 2

    /// Bytes of a line at most; whoever reads lines takes as many.
    public static let lineBytes = Limits.dumpLineBytes

    /// A record that a load would not take from its line.
    public struct Fault: Equatable, Sendable {
        /// The record.
        public let record: String
        /// What a load would have against it, with the place.
        public let detail: String
    }

    /// What there is to dump, found by a first walk.
    public struct Extent: Sendable {
        /// Documents by kind of record.
        public fileprivate(set) var counts: [UInt8: UInt64] = [:]
        /// Documents of all kinds.
        public fileprivate(set) var documents: UInt64 = 0
        /// Bytes of their JSON.
        public fileprivate(set) var bytes: UInt64 = 0
        /// Bytes of the files behind attachments.
        public fileprivate(set) var contentBytes: UInt64 = 0
        /// All that the progress of a dump counts.
        public var totalBytes: UInt64 { bytes + contentBytes }
    }

    /// Records whose lines are there, but cannot be loaded: at most `Limits.dumpFaults` of them.
    public private(set) var faults: [Fault] = []
    /// How many there are.
    public private(set) var faultCount = 0

    private let filter: DumpFilter
    private let reader = DumpReader()
    private var buffer: [UInt8] = []
    /// Account and resource of the line before, and how such a line begins.
    private var family: UInt64?
    private var beginning: [UInt8] = []

    /// A writer of what the filter lets through.
    public init(_ filter: DumpFilter = DumpFilter()) {
        self.filter = filter
        buffer.reserveCapacity(Limits.dumpBufferBytes + Limits.dumpBufferBytes / 4)
    }

    /// Counts what there is to dump.
    public func measure(_ view: borrowing StoreView) throws(StoreError) -> Extent {
        var extent = Extent()
        try filter.forEachDocument(in: view) { (document) throws(StoreError) in
            extent.counts[document.key.resource, default: 0] += 1
            extent.documents += 1
            extent.bytes += UInt64(document.jsonBytes)
            extent.contentBytes += UInt64(document.content?.byteCount ?? 0)
        }
        return extent
    }

    /// Writes the whole dump of one view. `sink` gets pieces that are valid during the call, and the
    /// bytes of JSON and files that are written so far; it ends the dump by saying false.
    ///
    /// - Returns: whether the dump is whole.
    public mutating func write(
        _ view: borrowing StoreView, _ metadata: StoreMetadata, _ extent: Extent,
        to sink: (UnsafeRawBufferPointer, UInt64) -> Bool
    ) throws(StoreError) -> Bool {
        var bytes: UInt64 = 0
        var isWanted = true
        appendHeader(metadata, extent, sequence: try view.lastSequence())
        try filter.forEachDocument(in: view) { (document) throws(StoreError) in
            guard isWanted else { return }
            // A file's bytes come before the record that adopts them.
            var fileFault: String?
            for number in 0..<BlobRecord.chunks(of: document.content?.byteCount ?? 0) {
                do throws(StoreError) {
                    bytes += try append(number, of: document, view)
                } catch .corrupted(let what) {
                    fileFault = "\(what) is damaged, and with it the file"
                    break
                }
                if buffer.count >= Limits.dumpBufferBytes { isWanted = flush(bytes, sink) }
                guard isWanted else { return }
            }
            try append(document, view, fileFault: fileFault)
            bytes += UInt64(document.jsonBytes)
            if buffer.count >= Limits.dumpBufferBytes { isWanted = flush(bytes, sink) }
        }
        guard isWanted else { return false }
        try appendCounters(view)
        let end = #"{"end":\#(Self.version),"documents":\#(extent.documents)}"#
        buffer.append(contentsOf: end.utf8)
        buffer.append(0x0A)
        return flush(bytes, sink)
    }

    private mutating func flush(
        _ bytes: UInt64, _ sink: (UnsafeRawBufferPointer, UInt64) -> Bool
    ) -> Bool {
        // SAFETY: the sink is done with the bytes when it returns.
        let goesOn = buffer.withUnsafeBytes { sink($0, bytes) }
        buffer.removeAll(keepingCapacity: true)
        return goesOn
    }

    private mutating func appendHeader(
        _ metadata: StoreMetadata, _ extent: Extent, sequence: UInt64
    ) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("dump", Self.version)
        writer.member("epoch", String(metadata.epoch, radix: 16))
        writer.member("sequence", sequence)
        if let account = filter.account { writer.member("account", UInt64(account)) }
        if let resource = filter.resource { writer.member("resource", "\(resource)") }
        writer.member("documents", extent.documents)
        writer.member("bytes", extent.bytes)
        writer.name("counts")
        writer.beginArray()
        for (resource, count) in extent.counts.sorted(by: { $0.key < $1.key }) {
            writer.beginObject()
            writer.member("resource", Self.name(resource))
            writer.member("count", count)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        buffer.append(contentsOf: writer.bytes)
        buffer.append(0x0A)
    }

    /// Lines of the highest ids that were ever given out, of records that may be deleted by now.
    private mutating func appendCounters(_ view: borrowing StoreView) throws(StoreError) {
        for counted in try view.counters(atMost: .max) {
            // Terms and segments have numbers of their own in each store.
            guard let resource = Resource(rawValue: counted.resource), resource != .term,
                resource != .commentSegment,
                filter.passes(counted.account, resource), counted.counter.lastID > 0
            else { continue }
            buffer.append(
                contentsOf: (#"{"account":\#(counted.account),"resource":"\#(resource.name)","#
                    + #""lastId":\#(counted.counter.lastID)}"#).utf8)
            buffer.append(0x0A)
        }
    }

    private mutating func append(
        _ document: borrowing DocumentView, _ view: borrowing StoreView, fileFault: String?
    ) throws(StoreError) {
        let key = document.key
        let start = buffer.count
        if key.family != family {
            family = key.family
            let name = Self.name(key.resource)
            beginning = Array(#"{"account":\#(key.account),"resource":"\#(name)","id":"#.utf8)
        }
        buffer.append(contentsOf: beginning)
        buffer.append(contentsOf: "\(key.id)".utf8)
        buffer.append(contentsOf: #","version":"#.utf8)
        buffer.append(contentsOf: "\(document.version)".utf8)
        // SAFETY: the map's bytes are copied while the document is borrowed.
        document.privateBytes.withUnsafeBytes { appendPrivate($0, of: document) }
        let isIntact = try view.isIntact(document)
        let damage = isIntact ? fileFault : "its checksum is wrong, so it may be damaged"
        // A load would give it a checksum that is right.
        if damage != nil { buffer.append(contentsOf: #","damaged":true"#.utf8) }
        buffer.append(contentsOf: #","document":"#.utf8)
        try view.forEachPiece(of: document, verifies: false) { buffer.append(contentsOf: $0) }
        buffer.append(UInt8(ascii: "}"))
        examine(buffer.count - start, of: document, damage)
        buffer.append(0x0A)
    }

    /// Reads the last line as a load will. A dump that nobody can load is worth nothing: better to know
    /// it while the store is there.
    private mutating func examine(
        _ byteCount: Int, of document: borrowing DocumentView, _ damage: String?
    ) {
        let key = document.key
        var detail: String?
        if let damage {
            detail = damage + "; its line says so, and a load refuses it"
        } else if byteCount > Self.lineBytes {
            detail = "its line has \(byteCount) bytes, and a load takes at most \(Self.lineBytes)"
        } else {
            // SAFETY: the line is read during the call.
            detail = buffer.withUnsafeBytes {
                reader.fault(in: UnsafeRawBufferPointer(rebasing: $0.suffix(byteCount)))
                    .map { "a load refuses its line: \($0)" }
            }
        }
        guard let detail else { return }
        faultCount += 1
        guard faults.count < Limits.dumpFaults else { return }
        let record = "\(Self.name(key.resource)) \(key.id) of account \(key.account)"
        faults.append(Fault(record: record, detail: detail))
    }

    private mutating func appendPrivate(
        _ bytes: UnsafeRawBufferPointer, of document: borrowing DocumentView
    ) {
        if bytes.isEmpty { return }
        buffer.append(contentsOf: #","private":""#.utf8)
        var bytes = Array(bytes)
        // The number of a content is its store's own: what a dump says is the same anywhere.
        if document.content != nil { for index in 0..<8 { bytes[index] = 0 } }
        buffer.append(contentsOf: Hexadecimal.text(bytes).utf8)
        buffer.append(UInt8(ascii: "\""))
    }

    /// A line for a piece of a file; returns its bytes.
    private mutating func append(
        _ number: Int, of document: borrowing DocumentView, _ view: borrowing StoreView
    ) throws(StoreError) -> UInt64 {
        guard let content = document.content else { return 0 }
        let key = document.key
        let chunk = try view.chunk(content.content, number)
        buffer.append(
            contentsOf: (#"{"account":\#(key.account),"resource":"\#(Self.name(key.resource))","#
                + #""id":\#(key.id),"chunk":\#(number),"bytes":""#).utf8)
        // SAFETY: the map's bytes are encoded while the view is borrowed.
        chunk.withUnsafeBytes { Base64Text.append($0, to: &buffer) }
        buffer.append(contentsOf: "\"}\n".utf8)
        return UInt64(chunk.byteCount)
    }

    private static func name(_ resource: UInt8) -> String {
        Resource(rawValue: resource)?.name ?? "\(resource)"
    }
}
