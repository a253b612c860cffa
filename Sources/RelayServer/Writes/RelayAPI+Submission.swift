import HTTP2
import RelayContract
import RelayRecords
import RelayStore
import System

/// From a handler to the writer and back: the answer comes when the change is durable.
extension RelayAPI {
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
        let (request, epoch, position) = (exchange.request, epoch, position)
        let (writer, refusals) = (writing.writer, writing.quotaRefusals)
        let token = exchange.suspend()
        let remembered = claim.map { IdempotentRequest(key: $0.key, fingerprint: fingerprint!) }
        let change = RecordCommand(
            change, account: request.account, target: exchange.targetPrecondition(epoch),
            isDryRun: dryRun, request: remembered)
        let context = RecordCommand.Context(parser, writing.applier)
        let command = change.pending(context) { result in
            refusals.count(result, request.account)
            let times = WriteTimes(
                takenAt: writer.groupTakenAt, doneAt: SystemClock.monotonic.microseconds)
            token.resume { http in
                http.writeTimes = times
                // On the loop's thread, so that two requests of one turn never both get through.
                claim?.release()
                let exchange = RelayExchange(http: http, request: request)
                switch result {
                case .success(let answer):
                    exchange.answer(answer, epoch: epoch)
                    http.setPosition(PositionText(epoch: epoch, sequence: answer.sequence))
                case .failure(let error):
                    exchange.reject(Problem(error))
                    http.setPosition(position)
                }
            }
        }
        guard let problem = Problem(writing.writer.submit(command)) else { return }
        token.resume { http in
            http.reject(problem)
            http.setPosition(position)
        }
    }
}
