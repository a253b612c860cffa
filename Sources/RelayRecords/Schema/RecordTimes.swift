import CivilTime
import JSON
import RelayContract
import RelayStore

/// When a record was created and when it was changed last.
struct RecordTimes: Equatable, Sendable {
    var created: Timestamp
    var updated: Timestamp
}

extension RecordModel {
    /// The record's times; nil for a kind that does not say when it was changed.
    ///
    /// An attachment does, but never changes; no list is asked for it by time.
    var times: RecordTimes? {
        switch self {
        case .property(let property):
            RecordTimes(created: property.createdAt, updated: property.updatedAt)
        case .unit(let unit): RecordTimes(created: unit.createdAt, updated: unit.updatedAt)
        case .order(let order): RecordTimes(created: order.createdAt, updated: order.updatedAt)
        case .document(let document):
            RecordTimes(created: document.createdAt, updated: document.updatedAt)
        case .address, .customer, .appointment, .eedMonth, .attachment, .cancellation: nil
        }
    }
}

extension StoreView {
    /// The newest time at which a record says that it was changed; nil if none does. Orders have a list
    /// for it, records of other kinds are read one by one.
    func newestRecordTime(_ parser: JSONParser) throws(StoreError) -> Timestamp? {
        var newest: Timestamp?
        try forEachList { (list) throws(StoreError) in
            guard list.kind == RecordList.ordersByUpdate.rawValue else { return true }
            let keys = try self.list(list, of: UInt128.self)
            if keys.count > 0, let last = try keys.key(at: keys.count - 1) {
                let time = Timestamp(listKey: UInt64(truncatingIfNeeded: last >> 64))
                newest = max(newest ?? time, time)
            }
            return true
        }
        for resource in [Resource.property, .unit, .document] {
            let filter = DumpFilter(resource: resource)
            try filter.forEachDocument(in: self) { (document) throws(StoreError) in
                guard let time = document.model(parser, self)?.times?.updated else { return }
                newest = max(newest ?? time, time)
            }
        }
        return newest
    }
}

extension DocumentView {
    /// The record; nil when the document cannot be read.
    func model(_ parser: JSONParser, _ view: borrowing StoreView) -> RecordModel? {
        guard let resource = Resource(rawValue: key.resource) else { return nil }
        // SAFETY: the map's bytes are read while the view is borrowed.
        return try? view.withJSON(of: self) { bytes in
            guard let value = try? parser.parse(bytes) else { return nil }
            var faults = Faults()
            return RecordModel(resource, decoding: value, into: &faults)
        }
    }
}
