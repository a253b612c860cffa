import JSON
import RelayContract
import RelayStore

extension RecordTransaction {
    /// Creates an appointment.
    mutating func createAppointment(
        _ new: NewAppointment
    ) throws(StoreError) -> RecordAnswer {
        var faults = Faults()
        try check(new.customerId, .customer, "customerId", &faults)
        if new.dateEnd <= new.dateStart { faults.addBackwards("dateEnd") }
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        try begin()
        let id = try newID(.appointment)
        let appointment = Appointment(
            id: id, title: new.title, description: new.description, dateStart: new.dateStart,
            dateEnd: new.dateEnd, location: new.location, customerId: new.customerId)
        try replace(nil, with: appointment)
        return RecordAnswer(
            201, body: IdObject(id: id).json, version: sequence, createdID: id)
    }

    /// Changes an appointment: merges first, then looks whether what comes out is right.
    mutating func updateAppointment(
        _ id: UInt64, _ patch: AppointmentPatch, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try loadAppointment(id) else {
            return .missing(.appointment, id)
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        var faults = Faults()
        try check(patch.customerId, .customer, "customerId", &faults)
        var appointment = stored.model
        appointment.title = patch.title ?? appointment.title
        appointment.description = patch.merged(
            patch.description, .description, over: appointment.description)
        appointment.dateStart = patch.dateStart ?? appointment.dateStart
        appointment.dateEnd = patch.dateEnd ?? appointment.dateEnd
        appointment.location = patch.location ?? appointment.location
        appointment.customerId = patch.customerId ?? appointment.customerId
        if appointment.dateEnd <= appointment.dateStart {
            faults.addBackwards(patch.dateEnd == nil ? "dateStart" : "dateEnd")
        }
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        try begin()
        try replace(stored.model, with: appointment)
        return RecordAnswer(200, body: IdObject(id: id).json, version: sequence)
    }

    /// Deletes an appointment, and answers it.
    mutating func deleteAppointment(
        _ id: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try loadAppointment(id) else {
            return .missing(.appointment, id)
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        try begin()
        try remove(.appointment, id, stored.model.links(account))
        try leaveCancellation(of: stored.model)
        return RecordAnswer(200, body: stored.model.json)
    }

    /// Reads an appointment whose times are such as the lists by length can hold.
    private func loadAppointment(_ id: UInt64) throws(StoreError) -> Stored<Appointment>? {
        let stored = try load(Appointment.self, .appointment, id)
        if let stored, !stored.model.endsAfterItBegins {
            throw .corrupted(what: "appointment \(id)")
        }
        return stored
    }

    private mutating func replace(_ old: Appointment?, with new: Appointment) throws(StoreError) {
        let links = new.links(account)
        try transaction.relink(new.id, from: old?.links(account) ?? RecordLinks(), to: links)
        try store(new, .appointment, new.id)
        try transaction.putCoveringEntries(links)
    }
}

extension Faults {
    mutating func addBackwards(_ member: StaticString) {
        add(.mismatch, member: member, "dateEnd must be after dateStart")
    }
}

extension Appointment {
    /// Whether its times are in order. Everything that comes from outside or from the disk is asked this
    /// before its links are made.
    var endsAfterItBegins: Bool { dateStart < dateEnd }

    /// The account's and its customer's appointments, each by beginning, by end and by length.
    func links(_ account: UInt32) -> RecordLinks {
        let start = UInt128(dateStart.seconds, id)
        let end = UInt128(dateEnd.seconds, id)
        let length = LengthKey(
            start: dateStart.seconds, end: dateEnd.seconds, id: id
        ).rawValue
        return RecordLinks(entries: [
            ListEntry(list: RecordList.appointmentsByStart.key(account), key: start),
            ListEntry(list: RecordList.appointmentsByEnd.key(account), key: end),
            ListEntry(list: RecordList.appointmentsByLength.key(account), key: length),
            ListEntry(
                list: RecordList.appointmentsOfCustomerByStart.key(account, customerId), key: start),
            ListEntry(
                list: RecordList.appointmentsOfCustomerByEnd.key(account, customerId), key: end),
            ListEntry(
                list: RecordList.appointmentsOfCustomerByLength.key(account, customerId),
                key: length),
        ])
    }
}

/// A key of the lists by length: class of length, beginning, id, end, from the highest bit down.
///
/// Class *n* are the lengths from 2^n seconds to less than twice that. Of a class, those that still
/// run at a moment began within the last 2^(n+1) seconds, and most that began then do; the end is
/// in the key, so that the rest is told apart without a look at the documents.
struct LengthKey {
    let rawValue: UInt128

    static let secondBits: UInt128 = 40
    static let idBits: UInt128 = 38
    private static let classShift = 2 * secondBits + idBits

    init(rawValue: UInt128) { self.rawValue = rawValue }

    init(start: UInt64, end: UInt64, id: UInt64) {
        precondition(start < end, "an appointment ends after it begins")
        precondition(end >> Self.secondBits == 0 && id >> Self.idBits == 0, "a key's parts fit it")
        let length = UInt128(63 - (end - start).leadingZeroBitCount)
        rawValue =
            length << Self.classShift | UInt128(start) << (Self.idBits + Self.secondBits)
            | UInt128(id) << Self.secondBits | UInt128(end)
    }

    /// The first key that a class can have for appointments that begin at a time or later, behind
    /// an id.
    init(class length: Int, start: UInt64, id: UInt64 = 0) {
        rawValue =
            UInt128(length) << Self.classShift
            | UInt128(start) << (Self.idBits + Self.secondBits) | UInt128(id) << Self.secondBits
    }

    /// The first key of a class; of one behind the last it is behind every key.
    init(class length: Int) { self.init(class: length, start: 0) }

    var `class`: Int { Int(rawValue >> Self.classShift) }

    var start: UInt64 {
        UInt64(truncatingIfNeeded: rawValue >> (Self.idBits + Self.secondBits))
            & (1 << Self.secondBits - 1)
    }

    var end: UInt64 { UInt64(truncatingIfNeeded: rawValue) & (1 << Self.secondBits - 1) }

    var id: UInt64 {
        UInt64(truncatingIfNeeded: rawValue >> Self.secondBits) & (1 << Self.idBits - 1)
    }

    /// As the lists by beginning have it.
    var startKey: UInt128 { UInt128(start, id) }
}

/// createAppointment.
public struct CreateAppointment: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.createAppointment
    /// What the client sent.
    public let body: NewAppointment

    /// Asks for it.
    public init(_ body: NewAppointment) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.createAppointment(body) }
}

/// updateAppointment.
public typealias UpdateAppointment = Update<Appointment>

extension Appointment: UpdatableRecord {
    /// updateAppointment.
    public static var update: ChangeKind { .updateAppointment }

    /// Changes one.
    public static func update(
        _ id: UInt64, _ patch: AppointmentPatch, _ precondition: RecordPrecondition,
        in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.updateAppointment(id, patch, precondition)
    }
}

/// deleteAppointment.
public typealias DeleteAppointment = Deletion<Appointment>

extension Appointment: DeletableRecord {
    /// deleteAppointment.
    public static var deletion: ChangeKind { .deleteAppointment }

    /// Deletes one.
    public static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteAppointment(id, precondition)
    }
}
