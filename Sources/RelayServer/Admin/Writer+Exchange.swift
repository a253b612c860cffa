import HTTP2
import RelayContract
import RelayStore

extension Writer {
    /// Has a command carried out and a request answered with what comes of it, once that is durable, or with
    /// why it cannot be.
    ///
    /// - Parameters:
    ///   - noting: told of the outcome on the writer's thread, whether or not the client is still there.
    ///   - answer: answers with the outcome, on the exchange's own thread.
    func carryOut<Command: StoreCommand>(
        _ command: Command, in context: Command.Context, for exchange: Exchange,
        noting: @escaping @Sendable (Command.Outcome) -> Void = { _ in },
        answer: @escaping @Sendable (Command.Outcome, Exchange) -> Void
    ) {
        let token = exchange.suspend()
        let pending = PendingCommand(command, in: context) { result in
            if case .success(let outcome) = result { noting(outcome) }
            token.resume { exchange in
                switch result {
                case .success(let outcome): answer(outcome, exchange)
                case .failure(let error): exchange.reject(Problem(error))
                }
            }
        }
        guard let problem = Problem(submit(pending)) else { return }
        token.resume { $0.reject(problem) }
    }
}
