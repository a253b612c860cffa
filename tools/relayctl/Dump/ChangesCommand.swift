import CivilTime
import JSON
import Options
import RelayRecords
import RelayStore

/// `relayctl changes`: what the change log tells, of all accounts or of one, whether relayd serves the store
/// or not. The number of a change is what `snapshot restore --as-of` takes.
enum ChangesCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let from = try ChangeTime.option("at", arguments[Commands.changesAt])
        let until = try ChangeTime.option("until", arguments[Commands.changesUntil])
        let store = try StoreKeeper.openForReading(arguments[Commands.store])
        let reader = try lifting { () throws(StoreError) in try store.makeReader() }
        let view = reader.view
        let oldest = try lifting { () throws(StoreError) in try view.firstSequence() }
        let newest = try lifting { () throws(StoreError) in try view.lastSequence() }
        let after = arguments[Commands.changesAfter].map { UInt64($0) }
        if let after, after > newest || after + 1 < oldest {
            throw .usage(
                "--after \(after) is no number of this log: it has changes \(oldest) to \(newest)")
        }
        var listing = ChangeListing(
            account: arguments[Commands.oneAccount].map { UInt32($0) },
            resource: arguments[Commands.changedResource].flatMap(Resource.init(named:)),
            limit: arguments[Commands.changesLimit])
        listing.next = after ?? (oldest == 0 ? 0 : oldest - 1)
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("changes")
        writer.beginArray()
        try lifting { () throws(StoreError) in
            try view.forEachChange(from: listing.next + 1) { (change) throws(StoreError) in
                if let until, change.time >= until { return false }
                let isLater = from.map { change.time >= $0 } ?? true
                if isLater { try listing.add(change, to: &writer) }
                listing.next = change.sequence
                return !listing.isFull
            }
        }
        try StoreKeeper.requireUndisturbed(store, since: reader.transactionID)
        writer.endArray()
        writer.member("next", listing.next)
        writer.member("oldest", oldest)
        writer.member("newest", newest)
        writer.endObject()
        return Report(json: writer.bytes)
    }
}

/// The changed records that are listed.
private struct ChangeListing {
    let account: UInt32?
    let resource: Resource?
    let limit: Int
    /// The last change that was looked at: what `--after` goes on with.
    var next: UInt64 = 0
    private var count = 0

    init(account: UInt32?, resource: Resource?, limit: Int) {
        self.account = account
        self.resource = resource
        self.limit = limit
    }

    /// A change is never cut: its last record may be beyond the limit.
    var isFull: Bool { count >= limit }

    mutating func add(
        _ change: borrowing ChangeView, to writer: inout JSONWriter
    ) throws(StoreError) {
        if let account, change.account != account { return }
        guard let documents = change.documentCount else {
            // A program that did not say which records it changed.
            if resource == nil { add(change, nil, to: &writer) }
            return
        }
        for index in 0..<documents {
            let document = try change.document(at: index)
            if let resource, document.resource != resource.rawValue { continue }
            add(change, document, to: &writer)
        }
    }

    private mutating func add(
        _ change: borrowing ChangeView, _ document: ChangedDocument?, to writer: inout JSONWriter
    ) {
        count += 1
        writer.beginObject()
        writer.member("seq", change.sequence)
        writer.name("time")
        writer.value(Timestamp(milliseconds: change.time))
        writer.member("account", UInt64(change.account))
        let kind = ChangeKind(rawValue: change.kind).map { "\($0)" }
        writer.member("kind", kind ?? (change.kind == RecordLoader.changeKind ? "load" : "unknown"))
        if let document {
            writer.member(
                "resource", Resource(rawValue: document.resource)?.name ?? "\(document.resource)")
            writer.member("id", document.id)
            writer.member("change", "\(document.change)")
        }
        writer.endObject()
    }
}

/// A moment on the command line.
enum ChangeTime {
    /// Milliseconds since 1970; nil when the option was not given.
    static func option(_ name: String, _ text: String?) throws(CommandError) -> Int64? {
        guard let text else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw .usage(
                "--\(name): expected a time such as 2026-02-06T14:00:00+01:00, got '\(text)'")
        }
        return time.milliseconds
    }
}
