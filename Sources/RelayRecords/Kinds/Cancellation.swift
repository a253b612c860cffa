import CivilTime
import JSON
import RelayContract
import RelayStore

/// What is left of a deleted appointment: whoever has it in a calendar is told that it is cancelled.
public struct Cancellation: ContractModel {
    /// The appointment as it was last.
    public var appointment: Appointment
    /// When it was deleted.
    public var cancelledAt: Timestamp

    /// Of an appointment that is deleted at a time.
    init(_ appointment: Appointment, at time: Timestamp) {
        self.appointment = appointment
        cancelledAt = time
    }

    /// Reads what `write` wrote.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        let appointment = faults.at("appointment") { faults in
            value["appointment"].flatMap { Appointment(decoding: $0, into: &faults) }
        }
        let time = value["cancelledAt"]?.string.flatMap { Timestamp(rfc3339: $0.bytes) }
        guard let appointment, appointment.endsAfterItBegins, let time else {
            faults.add(.required, "expected an appointment, and a time in cancelledAt")
            return nil
        }
        self.init(appointment, at: time)
    }

    /// Writes both.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("appointment", appointment)
        writer.member("cancelledAt", cancelledAt)
        writer.endObject()
    }

    func links(_ account: UInt32) -> RecordLinks {
        RecordLinks(entries: [ListEntry(list: RecordList.cancellations.key(account), key: key)])
    }

    private var key: UInt128 { UInt128(cancelledAt.listKey, appointment.id) }

    /// The first key of deletions that calendars still show at a time.
    fileprivate static func firstShown(at present: Timestamp) -> UInt128 {
        let first = present.milliseconds - Limits.cancellationMilliseconds
        return UInt128(
            Timestamp(milliseconds: max(first, Timestamp.earliest.milliseconds)).listKey, 0)
    }
}

extension RecordTransaction {
    /// Leaves a cancellation of an appointment that is deleted, and removes some that are past.
    mutating func leaveCancellation(of appointment: Appointment) throws(StoreError) {
        let cancellation = Cancellation(appointment, at: time)
        try transaction.relink(
            appointment.id, from: RecordLinks(), to: cancellation.links(account))
        try store(cancellation, .cancellation, appointment.id)
        // It brings the appointment's id: what counts those of its kind goes along.
        let counter = try view.counter(
            account: account, resource: Resource.cancellation.rawValue)
        if counter.lastID < appointment.id {
            try transaction.setCounter(
                account: account, resource: Resource.cancellation.rawValue,
                to: ResourceCounter(
                    lastID: appointment.id, changeSequence: counter.changeSequence))
        }
        var past: [UInt64] = []
        do {
            let view = view
            let first = Cancellation.firstShown(at: time)
            let list = try view.list(RecordList.cancellations.key(account), of: UInt128.self)
            let end = min(try list.rank(of: first), UInt64(Limits.cancellationsRemoved))
            if end > 0 {
                try list.forEach(in: 0..<end) { (key) throws(StoreError) in
                    past.append(key.recordID)
                    return true
                }
            }
        }
        for id in past {
            guard let old = try load(Cancellation.self, .cancellation, id) else { continue }
            try transaction.relink(id, from: old.model.links(account), to: RecordLinks())
            try transaction.deleteDocument(Resource.cancellation.key(account, id))
        }
    }
}

extension StoreView {
    /// How many deletions of an account calendars still show at a time.
    public func shownCancellations(
        _ account: UInt32, at present: Timestamp
    ) throws(StoreError) -> UInt64 {
        let list = try list(RecordList.cancellations.key(account), of: UInt128.self)
        return list.count - (try list.rank(of: Cancellation.firstShown(at: present)))
    }

    /// Hands over the deletions of an account that calendars still show, oldest first, each with the version
    /// that it made.
    public func forEachCancellation(
        _ account: UInt32, at present: Timestamp, _ parser: JSONParser,
        _ body: (Cancellation, UInt64) throws(StoreError) -> Void
    ) throws(StoreError) {
        let list = try list(RecordList.cancellations.key(account), of: UInt128.self)
        let first = try list.rank(of: Cancellation.firstShown(at: present))
        if first >= list.count { return }
        try list.forEach(in: first..<list.count) { (key) throws(StoreError) in
            let id = key.recordID
            guard let document = try document(Resource.cancellation.key(account, id)) else {
                throw .corrupted(what: "cancellation \(id)")
            }
            // SAFETY: the map's bytes are read while the view is borrowed.
            let cancellation = document.json.withUnsafeBytes {
                Cancellation(stored: $0, parser: parser)
            }
            guard let cancellation else { throw .corrupted(what: "cancellation \(id)") }
            try body(cancellation, document.version)
            return true
        }
    }
}
