import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// POST, PATCH and DELETE: the body is valid by now; what the store has to say is up to the
/// command, which answers when it is durable.
extension RelayAPI {
    mutating func createAddress(_ input: CreateAddressInput, _ exchange: inout RelayExchange) {
        submit(.createAddress(input.body), &exchange)
    }

    mutating func createCustomer(_ input: CreateCustomerInput, _ exchange: inout RelayExchange) {
        submit(.upsertCustomer(input.body), &exchange)
    }

    mutating func createProperties(
        _ input: CreatePropertiesInput, _ exchange: inout RelayExchange
    ) {
        submit(.upsertProperties(input.body), &exchange)
    }

    mutating func deleteProperty(_ input: DeletePropertyInput, _ exchange: inout RelayExchange) {
        submit(.deleteProperty(input.propertyId, precondition(exchange)), &exchange)
    }

    mutating func createUnits(_ input: CreateUnitsInput, _ exchange: inout RelayExchange) {
        submit(.upsertUnits(input.body), &exchange)
    }

    mutating func createOrder(_ input: CreateOrderInput, _ exchange: inout RelayExchange) {
        submit(.createOrder(input.body), &exchange)
    }

    mutating func updateOrder(_ input: UpdateOrderInput, _ exchange: inout RelayExchange) {
        submit(
            .updateOrder(input.orderId, input.body, precondition(exchange)), &exchange)
    }

    mutating func createOrderField(
        _ input: CreateOrderFieldInput, _ exchange: inout RelayExchange
    ) {
        submit(.createOrderField(input.body), &exchange)
    }

    mutating func createContactPerson(
        _ input: CreateContactPersonInput, _ exchange: inout RelayExchange
    ) {
        submit(.createContactPerson(input.body), &exchange)
    }

    /// Hands a change to the writer; the answer comes through the exchange's loop.
    func submit(_ change: RecordChange, _ exchange: inout RelayExchange) {
        let (account, operation, epoch) = (exchange.account, exchange.operation, epoch)
        let token = exchange.http.suspend()
        let command = RecordCommand(
            change, account: account, time: Timestamp.now,
            byteCount: exchange.http.body.count, applier: writing.applier
        ) { result in
            token.resume { http in
                var exchange = RelayExchange(
                    http: http, account: account, operation: operation)
                switch result {
                case .success(let answer): exchange.answer(answer, epoch: epoch)
                case .failure(let error): exchange.reject(Problem(error))
                }
            }
        }
        let problem: Problem
        switch writing.writer.submit(command) {
        case .accepted: return
        case .queueFull:
            problem = Problem(.unavailable, "too many writes wait for the disk: try again")
        case .stopped: problem = Problem(.unavailable, "the service is shutting down")
        }
        token.resume { http in
            var exchange = RelayExchange(http: http, account: account, operation: operation)
            exchange.reject(problem)
        }
    }

    /// What If-Match asks for: tags of this store's epoch, as versions.
    private func precondition(_ exchange: RelayExchange) -> RecordPrecondition {
        guard let list = exchange.http.field(.ifMatch) else { return .none }
        if list.elementsEqual("*".utf8) { return .exists }
        return .versions(EntityTag.strongVersions(in: list, epoch: epoch))
    }
}
