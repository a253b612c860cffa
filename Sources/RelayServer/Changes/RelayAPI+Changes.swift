import HTTP2
import RelayContract
import RelayRecords
import RelayStore
import System

/// Where a feed is asked to begin.
enum FeedPlace {
    case newest
    case oldest
    case at(_ epoch: UInt64, ChangePosition)
}

/// GET of what was changed behind a position, at once or as soon as there is something.
extension RelayAPI {
    mutating func getChanges(_ input: GetChangesInput, _ exchange: inout RelayExchange) {
        do throws(Problem) {
            let streams = exchange.http.field(.accept).map(MediaType.asksForEvents) ?? false
            var faults = Faults()
            var feed = Feed(account: exchange.account)
            if let text = input.resource { feed.kinds = Feed.kinds(text, &faults) ?? .max }
            feed.includesDocuments = input.include == .document
            var after = place(input.after, &faults)
            let wait = input.wait.flatMap { Feed.wait($0, &faults) } ?? 0
            if !faults.isEmpty { throw Problem(.badQuery, faults) }
            if streams { after = try placeOfStream(after, exchange.http) }
            if try waits(exchange, for: after) { return }
            if streams { return try startFollowing(feed, try start(after), exchange) }
            var poll = PollContinuation(
                position: ChangePosition(after: 0),
                due: SystemClock.coarse.milliseconds + 1_000 * wait)
            if case .poll(let begun) = exchange.http.continuation {
                poll = begun
            } else {
                poll.position = try start(after)
            }
            try answerChanges(feed, poll, input.limit ?? Limits.feedPage, &exchange)
        } catch {
            exchange.reject(error)
        }
    }

    /// Answers with what there is; waits if there is nothing and there is time.
    private mutating func answerChanges(
        _ feed: Feed, _ poll: PollContinuation, _ limit: Int, _ exchange: inout RelayExchange
    ) throws(Problem) {
        var text = ChangeText(.page, epoch: epoch)
        let end = try reading { (reader) throws(StoreError) in
            try reader.addChanges(
                of: feed, after: poll.position, limit: limit, maxBytes: Limits.feedPageBytes,
                to: &text)
        }
        if end.reason == .lost { throw try gone() }
        if text.count == 0, end.reason == .newest, !followers.isLeaving,
            SystemClock.coarse.milliseconds < poll.due, followers.count < Limits.followers
        {
            exchange.http.withdraw(.relaySeq)
            exchange.http.continuation = .poll(
                PollContinuation(position: end.position, due: poll.due))
            let follower = Follower(
                token: exchange.http.suspend(), account: feed.account, resources: feed.resources,
                due: poll.due)
            return followers.add(follower, newest: end.position.sequence, reader)
        }
        let tag = EntityTag(epoch: epoch, version: newest, isWeak: true)
        if exchange.isSettled(by: tag) { return }
        exchange.http.respond(200)
        exchange.http.set(.contentType, "application/json")
        exchange.setTag(tag)
        exchange.http.set(.cacheControl, "no-store")
        exchange.http.setBody(copying: text.page(next: end.position, newest: position))
    }

    /// Reads `after`.
    private func place(_ after: String?, _ faults: inout Faults) -> FeedPlace {
        guard let after else { return .newest }
        if after == "oldest" { return .oldest }
        if let (epoch, position) = PositionText.read(after.utf8) { return .at(epoch, position) }
        faults.add(
            .format, parameter: "after",
            "expected a position, such as the field Relay-Seq of an answer, or oldest")
        return .newest
    }

    /// Where to begin.
    func start(_ place: FeedPlace) throws(Problem) -> ChangePosition {
        switch place {
        case .newest:
            return ChangePosition(after: newest)
        case .oldest:
            return try reading { (reader) throws(StoreError) in try reader.view.oldestPosition() }
        case .at(let epoch, let position):
            if epoch != self.epoch { throw try gone() }
            return position
        }
    }

    /// 410, with the positions that there are.
    func gone() throws(Problem) -> Problem {
        var problem = Problem(
            .positionGone,
            "the log of changes has no such position: it was trimmed, or is one of before a restore, "
                + "or lies beyond the end; follow from `oldest`, or read the lists again and "
                + "follow from their Relay-Seq")
        let oldest = try reading { (reader) throws(StoreError) in try reader.view.oldestPosition() }
        problem.oldest = PositionText(epoch: epoch, oldest).text
        problem.newest = position.text
        return problem
    }

    /// Looks at the store; what goes wrong is a problem to be answered.
    func reading<Result>(
        _ body: (borrowing StoreReader) throws(StoreError) -> Result
    ) throws(Problem) -> Result {
        do throws(StoreError) {
            return try body(reader)
        } catch {
            throw problem(error)
        }
    }
}
