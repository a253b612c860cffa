import JSON
import RelayContract
import RelayStore

/// Whether the lists and texts of a store find exactly the records that they should.
///
/// `Store.check` sees to the structure of lists and documents; this sees to their meaning: every
/// record is on the lists that its links say, every text names its record, no list holds more and
/// no text names another, and every record that is referred to exists.
public struct RecordCheck {
    /// What is wrong, at most `Limits.checkFindings` of it; empty if all records are found.
    public private(set) var findings: [String] = []
    /// Records that were looked at.
    public private(set) var records: UInt64 = 0
    private let parser = JSONParser()
    /// The store's format: it lacks the lists that came with later ones.
    private let format: UInt32
    /// How many records say that they are on a list.
    private var expected: [ListKey: UInt64] = [:]
    /// Segments that records have and that were not met yet.
    private var segments: Set<DocumentKey> = []
    /// How many records say that a text of a kind names them.
    private var expectedNames: [UniqueKey.Family: UInt64] = [:]

    /// Checks a store as a view shows it. Reads and parses every record: minutes for millions.
    public init(_ view: borrowing StoreView) throws(StoreError) {
        format = try view.formatVersion()
        try view.forEachDocument { (document) throws(StoreError) in
            try look(at: document, view)
            return true
        }
        try compareLists(view)
        try compareNames(view)
    }

    // MARK: Records

    private mutating func look(
        at document: borrowing DocumentView, _ view: borrowing StoreView
    ) throws(StoreError) {
        let key = document.key
        if key.resource == Resource.commentSegment.rawValue { return look(atSegment: document) }
        guard let resource = Resource(rawValue: key.resource) else {
            return note("document \(key.account)/\(key.resource)/\(key.id): unknown kind of record")
        }
        records += 1
        let name = "\(resource) \(key.id) of account \(key.account)"
        let model: RecordModel
        for segment in document.segments where !segments.insert(segment.key).inserted {
            note("\(name): its segment \(segment.key.id) is another record's, too")
        }
        switch try read(document, resource, view) {
        case .success(let record): model = record
        case .failure(let fault): return note("\(name): cannot be read: \(fault.detail)")
        }
        for reference in model.references {
            let other = reference.resource.key(key.account, reference.id)
            if Resource.isStorable(reference.id), try view.document(other) != nil { continue }
            note("\(name): there is no \(reference.resource) \(reference.id), to which it refers")
        }
        let owner = try model.owner.flatMap { (id) throws(StoreError) in
            try property(id, key.account, view)
        }
        // What it refers to has been named.
        guard var links = model.links(key.account, of: owner) else { return }
        links.keep(upTo: format)
        for list in links.lists {
            expected[list, default: 0] += 1
            if try !view.list(list, of: UInt64.self).contains(key.id) {
                note("\(resource) \(key.id) of account \(key.account): not in the \(list)")
            }
        }
        for entry in links.entries {
            expected[entry.list, default: 0] += 1
            if try !view.holds(entry) {
                note("\(resource) \(key.id) of account \(key.account): not in the \(entry.list)")
            }
        }
        for term in links.terms {
            let number = try view.record(named: term.name)
            let entry = number.map { term.entry($0, key.id) }
            if let entry { expected[entry.list, default: 0] += 1 }
            if let entry, try view.holds(entry) { continue }
            note("\(resource) \(key.id) of account \(key.account): not found by \(term.kind)")
        }
        for name in links.names {
            expectedNames[name.family, default: 0] += 1
            if try view.record(named: name) != key.id {
                note(
                    "\(resource) \(key.id) of account \(key.account): its unique text does not "
                        + "lead to it"
                )
            }
        }
    }

    /// Segments stand behind the records of their account.
    private mutating func look(atSegment document: borrowing DocumentView) {
        let key = document.key
        if segments.remove(key) != nil { return }
        note("segment \(key.id) of account \(key.account): no order has it")
    }

    /// Reads a record with what the store keeps beside it.
    private func read(
        _ document: borrowing DocumentView, _ resource: Resource, _ view: borrowing StoreView
    ) throws(StoreError) -> Result<RecordModel, LineFault> {
        var faults = Faults()
        var model: RecordModel?
        var fault: LineFault?
        // SAFETY: the map's bytes are read while the view is borrowed. What is wrong with segments
        // themselves, the check of the store says.
        try view.withJSON(of: document, verifies: false) { bytes in
            do throws(JSONFault) {
                model = RecordModel(resource, decoding: try parser.parse(bytes), into: &faults)
            } catch {
                fault = LineFault(detail: "not JSON: \(error)")
            }
        }
        let hasBenchmarks = document.privateBytes.withUnsafeBytes {
            resource != .eedMonth || [EedBenchmark].areStored($0, parser)
        }
        if let model, hasBenchmarks { return .success(model) }
        if let first = faults.listed.first {
            fault = LineFault(detail: "\(first.pointer): \(first.detail)")
        }
        return .failure(fault ?? LineFault(detail: hasBenchmarks ? "no such record" : "benchmarks"))
    }

    private func property(
        _ id: UInt64, _ account: UInt32, _ view: borrowing StoreView
    ) throws(StoreError) -> Property? {
        guard let document = try view.document(Resource.property.key(account, id)) else {
            return nil
        }
        // SAFETY: the map's bytes are read while the view is borrowed.
        return document.json.withUnsafeBytes { Property(stored: $0, parser: parser) }
    }

    // MARK: Lists

    /// A list that holds all its records holds no others if it is of the right length.
    private mutating func compareLists(_ view: borrowing StoreView) throws(StoreError) {
        try view.forEachList { (list) throws(StoreError) in
            guard RecordList(rawValue: list.kind) != nil else { return true }
            let count = try view.count(list)
            let wanted = expected[list] ?? 0
            if count != wanted { note("the \(list): \(count) entries for \(wanted) records") }
            return true
        }
    }

    /// Texts that name all their records name no others if there are as many.
    private mutating func compareNames(_ view: borrowing StoreView) throws(StoreError) {
        var found: [UniqueKey.Family: UInt64] = [:]
        try view.forEachUniqueKey { (key, _) throws(StoreError) in
            found[key.family, default: 0] += 1
            return true
        }
        for family in found.keys.sorted(by: { ($0.account, $0.kind) < ($1.account, $1.kind) }) {
            // Texts of other kinds name no records.
            guard [.externalID, .internalID].contains(UniqueIndex(rawValue: family.kind))
            else { continue }
            let (count, wanted) = (found[family] ?? 0, expectedNames[family] ?? 0)
            if count != wanted {
                let kind = Resource(rawValue: family.resource).map { "\($0)" } ?? "record"
                note(
                    "account \(family.account): \(count) texts name a \(kind), \(wanted) are "
                        + "borne by one")
            }
        }
    }

    private mutating func note(_ finding: String) {
        if findings.count < Limits.checkFindings { findings.append(finding) }
    }
}
