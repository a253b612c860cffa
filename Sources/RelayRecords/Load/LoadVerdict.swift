import Glibc
import JSON
import RelayStore

/// What is to be done with a record that is to be loaded.
enum LoadVerdict {
    /// It is there in the same bytes, but for the times at which the store created and changed it.
    case unchanged
    case create
    case update
    /// A record or a name stands in its way; other lines may change that.
    case wait(String)
    /// The account has another file of this id: files never change.
    case refuse(String)
}

/// What a load knows besides the store.
struct LoadKnowledge {
    /// Keys of documents that exist, or will by then.
    var documents: Set<UInt64> = []
    /// Names that records of a load that is only tried will have by then.
    var names: [UniqueKey: UInt64] = [:]
}

extension StoreView {
    /// Judges a record: only looks, whatever is to become of it.
    func judge(
        _ record: LoadedRecord, _ account: UInt32, _ links: RecordLinks?,
        _ knowledge: inout LoadKnowledge, _ parser: JSONParser
    ) throws(StoreError) -> LoadVerdict {
        let key = record.resource.key(account, record.id)
        let isThere: Bool
        if let document = try document(key) {
            if try holds(document, record, parser) { return .unchanged }
            if record.resource == .attachment {
                return .refuse("id: the account has another file as attachment \(record.id)")
            }
            isThere = true
        } else {
            isThere = knowledge.documents.contains(key.rawValue)
        }
        for reference in record.references {
            if try exists(reference, account, &knowledge) { continue }
            return .wait(
                "document/\(reference.member): the account has no "
                    + "\(reference.resource) \(reference.id)")
        }
        for name in links?.names ?? [] {
            let owner = try self.record(named: name) ?? knowledge.names[name]
            if let owner, owner != record.id {
                return .wait(
                    "document: \(record.resource) \(owner) has one of its unique texts already")
            }
        }
        return isThere ? .update : .create
    }

    private func exists(
        _ reference: RecordReference, _ account: UInt32, _ knowledge: inout LoadKnowledge
    ) throws(StoreError) -> Bool {
        guard Resource.isStorable(reference.id) else { return false }
        let key = reference.resource.key(account, reference.id)
        if knowledge.documents.contains(key.rawValue) { return true }
        guard try document(key) != nil else { return false }
        // A house has many orders: ask once for it.
        knowledge.documents.insert(key.rawValue)
        return true
    }
}

extension StoreView {
    private func holds(
        _ document: borrowing DocumentView, _ record: LoadedRecord, _ parser: JSONParser
    ) throws(StoreError) -> Bool {
        // Times are written with as many digits as any other.
        guard document.jsonBytes == record.json.count else { return false }
        if try holds(document, record) { return true }
        guard record.times != nil, let times = document.model(parser, self)?.times
        else { return false }
        return try holds(document, record.with(times))
    }

    private func holds(
        _ document: borrowing DocumentView, _ record: LoadedRecord
    ) throws(StoreError) -> Bool {
        // SAFETY: compared during the call, and neither is longer than the other.
        let isSame = try withJSON(of: document) {
            memcmp($0.baseAddress!, record.json, $0.count) == 0
        }
        return isSame && document.holdsPrivateBytes(of: record)
    }
}

extension DocumentView {
    fileprivate func holdsPrivateBytes(of record: LoadedRecord) -> Bool {
        // What is known of an order besides follows from it.
        if record.resource == .order { return true }
        guard privateBytes.byteCount == record.privateBytes.count else { return false }
        if let content = record.content {
            // The number of a content is its store's own.
            let own = AttachmentContent(privateBytes: privateBytes)
            return own?.byteCount == content.byteCount && own?.digest == content.digest
        }
        return privateBytes.holds(record.privateBytes)
    }
}

extension RawSpan {
    /// Whether these are the same bytes; both have as many.
    fileprivate func holds(_ bytes: [UInt8]) -> Bool {
        // SAFETY: compared during the call, and neither is longer than the other.
        withUnsafeBytes { mine in
            mine.isEmpty || memcmp(mine.baseAddress!, bytes, bytes.count) == 0
        }
    }
}

/// A load that is only tried: says what would become of the lines, and changes nothing.
public struct LoadDryRun {
    private var knowledge = LoadKnowledge()
    private let parser = JSONParser()

    /// Knows of no lines yet.
    public init() {}

    /// Judges the next lines as if those before had been loaded into the store.
    public mutating func judge(
        _ batch: LoadBatch, in view: borrowing StoreView
    ) throws(StoreError) -> LoadOutcome {
        var outcome = LoadOutcome()
        for record in batch.records {
            // Which lists a record is on does not matter here, and names need no owner.
            let links = record.links(batch.account, of: nil)
            switch try view.judge(record, batch.account, links, &knowledge, parser) {
            case .unchanged: outcome.unchanged += 1
            case .create: outcome.created += 1
            case .update: outcome.updated += 1
            case .wait(let detail):
                outcome.faults.append(LoadFault(line: record.line, waits: true, detail: detail))
                continue
            case .refuse(let detail):
                outcome.faults.append(LoadFault(line: record.line, detail: detail))
                continue
            }
            knowledge.documents.insert(record.resource.key(batch.account, record.id).rawValue)
            for name in links?.names ?? [] { knowledge.names[name] = record.id }
        }
        return outcome
    }
}
