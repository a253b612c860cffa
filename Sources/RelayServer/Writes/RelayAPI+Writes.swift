import RelayContract
import RelayRecords

/// POST, PATCH and DELETE: the body is valid by now, and becomes a change of the store. The type of the
/// change has the method that carries it out in the writer's transaction, `apply`.
extension RelayAPI {
    mutating func createAddress(_ input: CreateAddressInput, _ exchange: inout RelayExchange) {
        submit(CreateAddress(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func createCustomer(_ input: CreateCustomerInput, _ exchange: inout RelayExchange) {
        submit(UpsertCustomer(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func createProperties(
        _ input: CreatePropertiesInput, _ exchange: inout RelayExchange
    ) {
        submit(UpsertProperties(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func deleteProperty(_ input: DeletePropertyInput, _ exchange: inout RelayExchange) {
        submit(
            DeleteProperty(input.propertyId, exchange.precondition(epoch)), dryRun: input.dryRun,
            &exchange)
    }

    mutating func createUnits(_ input: CreateUnitsInput, _ exchange: inout RelayExchange) {
        submit(UpsertUnits(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func createOrder(_ input: CreateOrderInput, _ exchange: inout RelayExchange) {
        submit(CreateOrder(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func updateOrder(_ input: UpdateOrderInput, _ exchange: inout RelayExchange) {
        submit(
            UpdateOrder(input.orderId, input.body, exchange.precondition(epoch)),
            dryRun: input.dryRun,
            &exchange)
    }

    mutating func createOrderField(
        _ input: CreateOrderFieldInput, _ exchange: inout RelayExchange
    ) {
        submit(CreateOrderField(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func createContactPerson(
        _ input: CreateContactPersonInput, _ exchange: inout RelayExchange
    ) {
        submit(CreateContactPerson(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func consumeEed(_ input: ConsumeEedInput, _ exchange: inout RelayExchange) {
        submit(ConsumeEed(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func createDocumentV1(
        _ input: CreateDocumentV1Input, _ exchange: inout RelayExchange
    ) {
        let new = NewDocument(
            title: input.body.title, propertyId: input.body.propertyId,
            customerId: input.body.customerId)
        submit(CreateDocument(new), dryRun: input.dryRun, &exchange)
    }

    mutating func createDocument(_ input: CreateDocumentInput, _ exchange: inout RelayExchange) {
        submit(CreateDocument(input.body), dryRun: input.dryRun, &exchange)
    }

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
}
