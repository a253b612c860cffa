import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// Appointments.
extension RelayAPI {
    mutating func createAppointment(
        _ input: CreateAppointmentInput, _ exchange: inout RelayExchange
    ) {
        submit(CreateAppointment(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func updateAppointment(
        _ input: UpdateAppointmentInput, _ exchange: inout RelayExchange
    ) {
        submit(
            UpdateAppointment(input.appointmentId, input.body, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func deleteAppointment(
        _ input: DeleteAppointmentInput, _ exchange: inout RelayExchange
    ) {
        submit(
            DeleteAppointment(input.appointmentId, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func getAppointment(_ input: GetAppointmentInput, _ exchange: inout RelayExchange) {
        answerRecord(.appointment, input.appointmentId, &exchange)
    }

    mutating func getAppointments(
        _ input: GetAppointmentsInput, _ exchange: inout RelayExchange
    ) {
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
