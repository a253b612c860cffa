import CivilTime
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// Changes on their way into an answer: the elements of an array, or server-sent events.
struct ChangeText {
    /// The form of the answer.
    enum Form: Hashable {
        case page
        case events
    }

    let form: Form
    let epoch: UInt64
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    private var writer = JSONWriter()

    init(_ form: Form, epoch: UInt64) {
        self.form = form
        self.epoch = epoch
    }

    /// Adds a change.
    ///
    /// - Parameters:
    ///   - version: that of the record after the change, or of the document beside it.
    ///   - document: the record as it is now, if it is asked for and there.
    mutating func add(
        _ entry: FeedEntry, version: UInt64, document: UnsafeRawBufferPointer? = nil
    ) {
        guard let resource = ChangedResource.name(entry.document.resource) else {
            preconditionFailure("a feed tells of kinds that have a name")
        }
        writer.reset()
        writer.beginObject()
        writer.member("seq", entry.sequence)
        writer.member("resource", constant: resource)
        writer.member("id", entry.document.id)
        writer.member("change", constant: entry.document.change.name)
        writer.member("version", version)
        writer.name("time")
        writer.value(Timestamp(milliseconds: entry.time))
        if let document {
            writer.name("document")
            writer.raw(document)
        }
        writer.endObject()
        switch form {
        case .page:
            if count > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += writer.bytes
        case .events:
            append("event: change\nid: ")
            append(PositionText(epoch: epoch, entry.position))
            append("\ndata: ")
            bytes += writer.bytes
            append("\n\n")
        }
        count += 1
    }

    /// Adds an event that has a position and no change.
    mutating func addBookmark(_ position: ChangePosition) {
        append("event: bookmark\nid: ")
        append(PositionText(epoch: epoch, position))
        append("\ndata: {}\n\n")
    }

    /// Adds what says that the stream is alive: a comment, without the empty line that ends an event, which
    /// some clients (httpx-sse) take for an event without data.
    mutating func addHeartbeat() { append(":\n") }

    /// Says after which time a client whose connection has ended comes again, in milliseconds.
    mutating func addRetry(_ milliseconds: Int) {
        append("retry: ")
        bytes += String(milliseconds).utf8
        append("\n")
    }

    /// The answer of getChanges.
    func page(next: ChangePosition, newest: PositionText) -> [UInt8] {
        var page = ChangeText(.page, epoch: epoch)
        page.bytes.reserveCapacity(bytes.count + 128)
        page.append("{\"changes\":[")
        page.bytes += bytes
        page.append("],\"next\":\"")
        page.append(PositionText(epoch: epoch, next))
        page.append("\",\"newest\":\"")
        page.append(newest)
        page.append("\"}")
        return page.bytes
    }

    private mutating func append(_ text: StaticString) {
        // SAFETY: a static string is never freed.
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func append(_ position: PositionText) {
        position.withBytes { bytes.append(contentsOf: $0) }
    }
}

extension StoreReader {
    /// Adds what was changed behind a place to an answer. Documents are compared with their checksums: who
    /// follows keeps what it is told.
    ///
    /// - Parameters:
    ///   - limit: changed records, at most.
    ///   - maxBytes: what the answer may have before another one is added.
    borrowing func addChanges(
        of feed: Feed, after position: ChangePosition, limit: Int, maxBytes: Int,
        to text: inout ChangeText
    ) throws(StoreError) -> FeedEnd {
        try view.forEachChangedRecord(
            of: feed.account, after: position, resources: feed.resources,
            budget: Limits.feedBudget
        ) { (entry) throws(StoreError) in
            try add(entry, of: feed, to: &text)
            return text.count < limit && text.bytes.count < maxBytes
        }
    }

    private borrowing func add(
        _ entry: FeedEntry, of feed: Feed, to text: inout ChangeText
    ) throws(StoreError) {
        let key = DocumentKey(
            account: feed.account, resource: entry.document.resource, id: entry.document.id)
        guard feed.includesDocuments, entry.document.change != .deleted,
            let document = try intactDocument(key)
        else { return text.add(entry, version: entry.sequence) }
        let version = document.version
        // SAFETY: copied while the reader is borrowed.
        try view.withJSON(of: document) { text.add(entry, version: version, document: $0) }
    }
}
