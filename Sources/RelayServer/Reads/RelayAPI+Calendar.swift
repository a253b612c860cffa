import CivilTime
import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// GET of appointments as a calendar: cancelled ones first, then the others in portions.
extension RelayAPI {
    mutating func getCalendar(_ input: GetCalendarInput, _ exchange: inout RelayExchange) {
        if let from = input.from, let to = input.to, to <= from {
            var faults = Faults()
            faults.add(.mismatch, parameter: "to", "expected a time after from")
            return exchange.reject(Problem(.badQuery, faults))
        }
        let account = exchange.account
        let present = Timestamp.now
        let window = AppointmentWindow(input, account)
        let selection = Selection.calendar(window)
        do throws(StoreError) {
            let version = try selection.watched.version(in: reader.view, of: account)
            // Cancelled ones leave the calendar without a change, one after the other.
            let shown = try reader.view.shownCancellations(account, at: present)
            let tag = EntityTag(epoch: epoch &+ shown, version: version, isWeak: true)
            if exchange.isSettled(by: tag) { return }
            var writer = CalendarWriter()
            writer.begin()
            try reader.view.forEachCancellation(account, at: present, parser) {
                (cancellation, version) throws(StoreError) in
                let appointment = cancellation.appointment
                let key = Resource.appointment.key(account, appointment.id)
                // A load may have brought it back.
                guard window.contains(appointment), try reader.view.document(key) == nil
                else { return }
                writer.event(
                    appointment, account: account, version: version,
                    changed: cancellation.cancelledAt, isCancelled: true)
            }
            try selection.fill(
                selected, reader.view, from: SelectionStart(), limit: Limits.selectedRecords)
            exchange.http.respond(200)
            exchange.http.set(.contentType, "text/calendar; charset=utf-8")
            exchange.setTag(tag)
            exchange.http.appendAttached(turnBytes.keep(writer.bytes))
            try appendSelected(
                selection,
                SelectionContinuation(
                    operation: exchange.operation, account: account, hasRecords: false,
                    start: SelectionStart(), remaining: .max), exchange.http)
        } catch {
            fail(error, exchange)
        }
    }

    /// Appends the events of the selected appointments.
    func appendEvents(
        _ account: UInt32, _ http: HTTP2.Exchange
    ) throws(StoreError) -> (count: Int, last: UInt128?) {
        var writer = CalendarWriter()
        var count = 0
        for key in selected.keys where writer.bytes.count < http.portionBytes {
            let id = key.recordID
            guard let document = try reader.intactDocument(Resource.appointment.key(account, id))
            else { throw .corrupted(what: "appointment \(id)") }
            // SAFETY: the map's bytes are read while the reader is borrowed.
            let appointment = document.json.withUnsafeBytes {
                Appointment(stored: $0, parser: parser)
            }
            guard let appointment else { throw .corrupted(what: "appointment \(id)") }
            let changed = try reader.view.time(ofChange: document.version)
            writer.event(
                appointment, account: account, version: document.version,
                changed: changed.map { Timestamp(milliseconds: $0) }, isCancelled: false)
            count += 1
        }
        if count == 0 { return (0, nil) }
        http.appendAttached(turnBytes.keep(writer.bytes))
        return (count, selected.keys[count - 1])
    }

    /// Appends the calendar's end.
    func endCalendar(_ http: HTTP2.Exchange) {
        var writer = CalendarWriter()
        writer.end()
        http.appendAttached(turnBytes.keep(writer.bytes))
    }
}

extension AppointmentWindow {
    init(_ input: GetCalendarInput, _ account: UInt32) {
        self.init(account: account, customer: input.customerId, from: input.from, to: input.to)
        usesCoveringIndex = false
    }

    /// Whether an appointment that is on no list any more would be in the window.
    fileprivate func contains(_ appointment: Appointment) -> Bool {
        (customer ?? appointment.customerId) == appointment.customerId
            && (from.map { appointment.dateEnd > $0 } ?? true)
            && (to.map { appointment.dateStart < $0 } ?? true)
    }
}
