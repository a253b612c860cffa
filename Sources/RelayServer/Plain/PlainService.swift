import Metrics
import RelayContract
import RelayStore

/// What `PlainServer` asks of a service that has started.
struct PlainService: Sendable {
    let store: Store
    let writer: Writer
    let state: ServiceState

    /// Answers `/metrics` or `/readyz`.
    func answer(_ request: PlainRequest) -> PlainAnswer {
        if request.path == "/metrics" { return metrics(request) }
        switch Readiness(store, state) {
        case .ready(let body): return PlainAnswer(200, "application/json", body)
        case .notReady(let problem): return PlainAnswer(problem, request.path)
        }
    }

    private func metrics(_ request: PlainRequest) -> PlainAnswer {
        let format = Exposition.Format(accept: request.accept.utf8)
        do throws(StoreError) {
            let figures = ServiceFigures(store, writer, state)
            return PlainAnswer(200, format.mediaType, try figures.exposition(format))
        } catch {
            state.health.readFailed(error)
            return PlainAnswer(Problem(error), request.path)
        }
    }
}

extension PlainAnswer {
    /// A problem, as the answer to a path.
    init(_ problem: Problem, _ path: Substring) {
        self.init(problem.status, Problem.mediaType, problem.json(instance: path))
        if problem.status == 503 {
            fields = "Retry-After: \(problem.retryAfter ?? Limits.retryAfterSeconds)\r\n"
        }
    }
}
