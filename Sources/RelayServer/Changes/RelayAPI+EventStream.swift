import HTTP2
import RelayContract
import RelayRecords
import RelayStore
import System

/// Changes as server-sent events. What a follower gets next is read from the log when its client has taken what
/// it got before: one that does not read costs one portion, however much happens.
extension RelayAPI {
    /// Where a stream begins: Last-Event-ID, which a client sends that comes again, goes before `after`.
    func placeOfStream(
        _ after: FeedPlace, _ http: HTTP2.Exchange
    ) throws(Problem) -> FeedPlace {
        guard let field = http.field(.lastEventID), !field.isEmpty else { return after }
        guard let (epoch, position) = PositionText.read(field) else {
            throw Problem(.badRequest, "Last-Event-ID is no position: send the id of an event")
        }
        return .at(epoch, position)
    }

    /// Begins a stream with a bookmark, so that its client can come again before anything happens.
    func startFollowing(
        _ feed: Feed, _ position: ChangePosition, _ exchange: RelayExchange
    ) throws(Problem) {
        let end = try reading { (reader) throws(StoreError) in
            try reader.view.forEachChangedRecord(
                of: feed.account, after: position, resources: feed.resources, budget: 1
            ) { _ in false }
        }
        if end.reason == .lost { throw try gone() }
        guard followers.count < Limits.followers else {
            throw Problem(.unavailable, "too many follow changes: try again")
        }
        let http = exchange.http
        http.respond(200)
        http.set(.contentType, "text/event-stream")
        http.set(.cacheControl, "no-store")
        var text = ChangeText(.events, epoch: epoch)
        text.addRetry(Limits.followerRetryMilliseconds)
        text.addBookmark(position)
        http.setBody(copying: text.bytes)
        let next = FollowContinuation(
            operation: exchange.operation, feed: feed, position: position,
            sentAt: Self.seconds, wasHeartbeat: false, keyGeneration: keyGeneration)
        http.continuation = .follow(next)
        http.expectMore(true)
    }

    /// Seconds on the coarse clock.
    private static var seconds: UInt32 {
        UInt32(truncatingIfNeeded: SystemClock.coarse.milliseconds / 1_000)
    }

    /// Appends what has come since, or rests.
    mutating func continueFollowing(_ next: FollowContinuation, _ http: HTTP2.Exchange) {
        var next = next
        if next.keyGeneration != keyGeneration {
            // Whoever comes again is told why.
            guard let account = try? authenticate(http, next.operation),
                account == next.feed.account
            else { return }
            next.keyGeneration = keyGeneration
        }
        do throws(StoreError) {
            let events = try self.events(next, http)
            if events.end.reason == .lost { return }
            next.position = events.end.position
            if !events.bytes.isEmpty {
                return send(events.bytes, &next, wasHeartbeat: false, http)
            }
            try pause(events.end, &next, http)
        } catch {
            fail(error, http)
        }
    }

    /// Nothing has come: says so from time to time.
    private mutating func pause(
        _ end: FeedEnd, _ next: inout FollowContinuation, _ http: HTTP2.Exchange
    ) throws(StoreError) {
        var text = ChangeText(.events, epoch: epoch)
        let isDue = Self.seconds &- next.sentAt >= UInt32(Limits.heartbeatSeconds)
        if followers.isLeaving, end.reason == .newest {
            text.addBookmark(next.position)
            return http.setBody(copying: text.bytes)
        }
        if end.reason == .paused || (isDue && next.wasHeartbeat) {
            text.addBookmark(next.position)
            return send(text.bytes, &next, wasHeartbeat: false, http)
        }
        if isDue {
            text.addHeartbeat()
            return send(text.bytes, &next, wasHeartbeat: true, http)
        }
        http.continuation = .follow(next)
        let follower = Follower(
            token: http.rest(), account: next.feed.account, resources: next.feed.resources,
            due: SystemClock.coarse.milliseconds + 1_000 * Int64(Limits.heartbeatSeconds))
        followers.add(follower, newest: next.position.sequence, reader)
    }

    private func send(
        _ bytes: [UInt8], _ next: inout FollowContinuation, wasHeartbeat: Bool,
        _ http: HTTP2.Exchange
    ) {
        next.sentAt = Self.seconds
        next.wasHeartbeat = wasHeartbeat
        http.continuation = .follow(next)
        http.setBody(copying: bytes)
        http.expectMore(true)
    }

    /// The next events, as they were rendered for another follower at the same place, or rendered now.
    private func events(
        _ next: FollowContinuation, _ http: HTTP2.Exchange
    ) throws(StoreError) -> RenderedEvents.Value {
        let maxBytes = min(http.portionBytes, Limits.followerPortionBytes)
        let key = RenderedEvents.Key(
            feed: next.feed, sequence: next.position.sequence, passed: next.position.passed)
        let isShared = maxBytes == Limits.followerPortionBytes
        if isShared, let value = followers.rendered.value(key, reader.transactionID) {
            return value
        }
        var text = ChangeText(.events, epoch: epoch)
        let end = try reader.addChanges(
            of: next.feed, after: next.position, limit: .max, maxBytes: maxBytes, to: &text)
        let value = RenderedEvents.Value(bytes: text.bytes, end: end)
        if isShared, !text.bytes.isEmpty {
            followers.rendered.keep(value, key, reader.transactionID)
        }
        return value
    }

    /// Looks whom the newest commit concerns. When that cannot be read, everyone goes on, so that those
    /// who cannot read it either are told now, and not kept waiting for what nobody tells them of.
    mutating func lookAfterFollowers() {
        if followers.count == 0 { return }
        if failure != nil { return followers.release() }
        do throws(StoreError) {
            try followers.look(reader.view)
        } catch {
            _ = problem(error)
            followers.release()
        }
    }
}
