import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// POST, PATCH and DELETE: the body is valid by now; what the store has to say is up to the
/// command, which answers when it is durable.
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

    /// Hands a change to the writer under the request's Idempotency-Key, if it has one.
    func submit(
        _ change: any RecordChange, dryRun: Bool?, _ exchange: inout RelayExchange
    ) {
        let claim: RequestsUnderWay.Claim?
        do throws(Problem) {
            claim = try self.claim(exchange)
        } catch {
            return exchange.reject(error)
        }
        let fingerprint = claim.map { _ in
            let fingerprint = exchange.fingerprint
            fingerprint.add(exchange.http.body)
            return fingerprint.finish()
        }
        submit(
            change, dryRun: dryRun ?? false, claim: claim, fingerprint: fingerprint, &exchange)
    }

    /// Hands a change to the writer; the answer comes through the exchange's loop.
    ///
    /// - Parameters:
    ///   - claim: of the request's Idempotency-Key, released when the answer is there.
    ///   - fingerprint: of what the request asks for; there when there is a claim.
    func submit(
        _ change: any RecordChange, dryRun: Bool, claim: RequestsUnderWay.Claim?,
        fingerprint: [UInt8]?, _ exchange: inout RelayExchange
    ) {
        let (request, epoch) = (exchange.request, epoch)
        let token = exchange.http.suspend()
        let remembered = claim.map { IdempotentRequest(key: $0.key, fingerprint: fingerprint!) }
        let command = RecordCommand(
            change, account: request.account, byteCount: exchange.http.body.count,
            applier: writing.applier, target: exchange.targetPrecondition(epoch),
            isDryRun: dryRun, request: remembered
        ) { result in
            token.resume { http in
                // On the loop's thread, so that two requests of one turn never both get through.
                claim?.release()
                let exchange = RelayExchange(http: http, request: request)
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
            problem = Problem(.unavailable, "too many writes are waiting: try again")
        case .stopped: problem = Problem(.unavailable, "the service is shutting down")
        }
        token.resume { http in http.reject(problem) }
    }
}
