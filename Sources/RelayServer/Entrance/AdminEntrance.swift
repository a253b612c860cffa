import HTTP2
import RelayContract

/// Answers the admin socket from the beginning of a start: how far that is, and nothing else. Behind the start
/// it hands everything on to the application that can do the rest.
final class AdminEntrance: Application, @unchecked Sendable {
    // SAFETY: set before the loop is started, or on its thread.
    private var application: AdminApplication?
    private let progress: StartProgress

    init(_ progress: StartProgress) {
        self.progress = progress
        super.init()
    }

    /// Lets requests through. On the loop's thread, or before that is started.
    func open(to application: AdminApplication) {
        self.application = application
        // The loop may have rested long ago, and does so again only after a request: until then the commit
        // that the application has looked at would hold its pages.
        application.idle()
    }

    // MARK: All that an AdminApplication has of its own

    override func beginTurn() { application?.beginTurn() }

    override func idle() { application?.idle() }

    override func admit(_ exchange: Exchange) {
        if let application { return application.admit(exchange) }
        // What has a body is refused before that is sent.
        if !isAnswered(exchange) { exchange.reject(progress.problem) }
    }

    override func refuse(_ exchange: Exchange, _ refusal: Refusal) {
        if let application { return application.refuse(exchange, refusal) }
        exchange.reject(progress.problem)
    }

    override func answer(_ exchange: Exchange) {
        if let application { return application.answer(exchange) }
        if RequestTarget(exchange).path.elementsEqual("/livez".utf8), isAnswered(exchange) {
            return exchange.answer(200, json: Readiness.alive)
        }
        exchange.reject(progress.problem)
    }

    private func isAnswered(_ exchange: Exchange) -> Bool {
        exchange.method == .get || exchange.method == .head
    }
}

extension StartProgress {
    /// What a request is answered with that came too early.
    var problem: Problem { Problem(.unavailable, words) }
}
