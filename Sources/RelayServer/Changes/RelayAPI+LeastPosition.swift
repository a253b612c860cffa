import HTTP2
import RelayContract
import RelayRecords
import RelayStore
import System

/// Relay-Min-Seq: a request that is answered, or a write that is begun, when the store has what the client has
/// seen elsewhere.
extension RelayAPI {
    /// What the field asks for.
    private enum LeastPosition {
        /// A change, by its number.
        case change(UInt64)
        /// All that was answered anywhere before the request came.
        case now
    }

    /// Has a request wait, or refuses it; false when it can be answered. To be asked before a request is
    /// answered that has the field, also when it has waited.
    mutating func waits(_ exchange: RelayExchange) -> Bool {
        let http = exchange.http
        // Was looked at before its body came.
        if case .upload = http.continuation { return false }
        do throws(Problem) {
            switch try leastPosition(http) {
            case .change(let number): return try waits(http, for: number)
            case .now: return waitsForLog(http)
            }
        } catch {
            exchange.reject(error)
            return true
        }
    }

    /// Refuses a write whose body goes into the store as it comes, unless what the client has seen is here: the
    /// body would be on its way before a wait is over.
    ///
    /// What is sent to a log that hosts share comes behind all that was answered before: `now` asks for no more.
    func requireLeastPosition(_ http: HTTP2.Exchange) throws(Problem) {
        guard case .change(let number) = try leastPosition(http), newest < number else { return }
        throw notApplied(number)
    }

    private func notApplied(_ number: UInt64) -> Problem {
        Problem(
            .unavailable,
            "this host has not applied change \(number) yet, the last one here is \(newest): try again, "
                + "or ask the host that said so")
    }

    private func leastPosition(_ http: HTTP2.Exchange) throws(Problem) -> LeastPosition {
        guard let field = http.field(.relayMinSeq) else { return .change(0) }
        if field.elementsEqual("now".utf8) { return .now }
        if let number = PositionText.decimal(field) { return .change(number) }
        guard let (epoch, position) = PositionText.read(field) else {
            throw Problem(
                .badRequest,
                "the field Relay-Min-Seq is none: expected a position, such as the field Relay-Seq of an "
                    + "answer, the number in it, or now")
        }
        if epoch != self.epoch { throw try gone() }
        return .change(Self.change(of: position))
    }

    /// The change that a position lies behind, or within.
    private static func change(of position: ChangePosition) -> UInt64 {
        position.sequence + (position.passed > 0 ? 1 : 0)
    }

    /// Has a request that follows changes wait for its place, or refuses it: another host that shares the log
    /// may have told of it already. Alone, a host has all that it has told of.
    mutating func waits(
        _ exchange: RelayExchange, for place: FeedPlace
    ) throws(Problem) -> Bool {
        guard case .at(let epoch, let position) = place, epoch == self.epoch,
            writing.writer.replication != nil
        else {
            return false
        }
        if case .poll = exchange.http.continuation { return false }
        guard try waits(exchange.http, for: Self.change(of: position)) else { return false }
        exchange.http.withdraw(.relaySeq)
        return true
    }

    private mutating func waits(_ http: HTTP2.Exchange, for number: UInt64) throws(Problem) -> Bool
    {
        if newest >= number { return false }
        let now = SystemClock.coarse.milliseconds
        var until = now + Limits.leastPositionMilliseconds
        if case .waited(let end) = http.continuation { until = end }
        guard now < until, !followers.isLeaving, followers.count < Limits.followers else {
            throw notApplied(number)
        }
        http.continuation = .waited(until: until)
        let follower = Follower(
            token: http.suspend(), account: 0, resources: 0, awaits: number, due: until)
        followers.add(follower, newest: newest, reader)
        return true
    }

    /// On a host that shares a log, sends a command that changes nothing: when it comes back, all is
    /// applied that was answered anywhere before. Alone, a host has all of it.
    private func waitsForLog(_ http: HTTP2.Exchange) -> Bool {
        if case .waited = http.continuation { return false }
        guard writing.writer.replication != nil else { return false }
        let token = http.suspend()
        let marker = PendingCommand(NoteKeyUse(of: [], day: 0)) { result in
            token.resume { http in
                switch result {
                // Not answered yet: it is, behind this.
                case .success: http.continuation = .waited(until: 0)
                case .failure(let error): http.reject(Self.unasked(error))
                }
            }
        }
        let submission = writing.writer.submit(marker)
        if case .refused(let fault) = submission {
            token.resume { $0.reject(Self.unasked(.replica(fault))) }
        } else if let problem = Problem(submission) {
            token.resume { $0.reject(problem) }
        }
        return true
    }

    /// What is answered when the log cannot be asked. The request has changed nothing, whatever became of the
    /// command.
    private static func unasked(_ error: StoreError) -> Problem {
        guard case .replica(let fault) = error else { return Problem(error) }
        let why =
            switch fault {
            case .unavailable(let why), .standing(let why): why
            case .outcomeUnknown: "it has not answered in time"
            default: "\(fault)"
            }
        return Problem(
            .unavailable,
            "this host cannot ask the log now (\(why)): try again, ask another host, or leave out "
                + "Relay-Min-Seq")
    }
}
