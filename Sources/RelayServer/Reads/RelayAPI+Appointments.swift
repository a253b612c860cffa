import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// GET of appointments.
extension RelayAPI {
    mutating func getAppointment(_ input: GetAppointmentInput, _ exchange: inout RelayExchange) {
        answerRecord(.appointment, input.appointmentId, &exchange)
    }

    mutating func getAppointments(
        _ input: GetAppointmentsInput, _ exchange: inout RelayExchange
    ) {
        if answers(input.ids, .appointment, &exchange) { return }
        if let from = input.from, let to = input.to, to <= from {
            var faults = Faults()
            faults.add(.mismatch, parameter: "to", "expected a time after from")
            return exchange.reject(Problem(.badQuery, faults))
        }
        let window = AppointmentWindow(input, exchange.account)
        answerSelection(.appointments(window), input.page, &exchange)
    }
}

extension AppointmentWindow {
    init(_ input: GetAppointmentsInput, _ account: UInt32) {
        self.init(account: account, customer: input.customerId, from: input.from, to: input.to)
    }
}
