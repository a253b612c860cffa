import CivilTime
import JSON
import RelayContract
import RelayStore

/// A record that is to be loaded: decoded, and rendered as it will be stored. What follows from its line alone
/// is made with it, by the thread that reads the line: the writer's has to look and to put, and is the one
/// that a load waits for.
public struct LoadedRecord: Sendable {
    /// Where it stands among the lines that were read, from 0 on.
    let line: Int
    let resource: Resource
    let id: UInt64
    /// The record as JSON, whatever spaces and order of members the line had.
    private(set) var json: [UInt8]
    var privateBytes: [UInt8]
    /// When it was created and changed last, as `json` says it; nil for a kind that does not.
    private(set) var times: RecordTimes?
    private let places: TimePlaces?
    /// What it cannot be without.
    let references: [RecordReference]
    /// See `RecordModel.parts`.
    let parts: [(resource: Resource, id: UInt64)]
    /// What an order's list by due date has for it.
    private let dueKey: UInt64?
    private var finding: Finding

    /// What finds it.
    private enum Finding {
        case links(RecordLinks)
        /// That depends on the unit's property.
        case unit(Unit)
    }

    init(
        line: Int, resource: Resource, id: UInt64, account: UInt32, model: RecordModel,
        json: [UInt8], privateBytes: [UInt8]
    ) {
        (self.line, self.resource, self.id) = (line, resource, id)
        (self.json, self.privateBytes) = (json, privateBytes)
        times = model.times
        places = times == nil ? nil : TimePlaces(in: json)
        references = model.references
        if case .order(let order) = model { dueKey = order.dueKey } else { dueKey = nil }
        parts = model.parts
        if case .unit(let unit) = model {
            finding = .unit(unit)
        } else {
            finding = .links(model.links(account, of: nil) ?? RecordLinks())
        }
    }

    /// The property that what finds it depends on.
    var owner: UInt64? {
        if case .unit(let unit) = finding { unit.propertyId } else { nil }
    }

    /// What finds it; nil for a unit whose property is missing.
    func links(_ account: UInt32, of owner: Property?) -> RecordLinks? {
        switch finding {
        case .links(let links): links
        case .unit(let unit): owner.map { unit.links(account, of: $0) }
        }
    }

    /// What is kept beside the document. What the line says of an order's is not believed: that follows
    /// from the order.
    var keptBytes: [UInt8] {
        guard let dueKey, let times else { return privateBytes }
        return Order.facts(dueKey: dueKey, updated: times.updated)
    }

    /// Whether it is an order whose comments may be kept in documents of their own.
    var isLongOrder: Bool { resource == .order && json.count > Limits.segmentBytes }

    /// The record itself, read anew: few loads need it.
    func model(_ parser: JSONParser) throws(StoreError) -> RecordModel {
        let model = try? parser.parse(json) { value in
            var faults = Faults()
            return RecordModel(resource, decoding: value, into: &faults)
        }
        guard let model = model ?? nil else {
            throw .corrupted(what: "\(resource) \(id), as its line was read")
        }
        return model
    }

    /// The record with other times.
    func with(_ times: RecordTimes) -> LoadedRecord {
        guard let places else { return self }
        var record = self
        record.times = times
        places.put(times, into: &record.json)
        switch finding {
        case .links(var links):
            links.restamp(times.updated)
            record.finding = .links(links)
        case .unit(var unit):
            unit.updatedAt = times.updated
            record.finding = .unit(unit)
        }
        return record
    }

    /// The record as a load writes it: changed at the time of the load, for whoever asks for changes since
    /// then would not see it otherwise. When a record was created is its history: one that is there
    /// keeps that, a new one brings it.
    ///
    /// - Parameters:
    ///   - old: the times of the record of this id that is there.
    ///   - time: that of the load.
    func stamped(over old: RecordTimes?, at time: Timestamp) -> LoadedRecord {
        guard let times else { return self }
        let created = old?.created ?? min(times.created, time)
        return with(RecordTimes(created: created, updated: time))
    }
}
