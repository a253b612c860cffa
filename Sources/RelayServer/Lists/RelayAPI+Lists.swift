import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// Answers lists: total, version and link in the fields, records as runs of the map.
extension RelayAPI {
    mutating func answerList(
        _ answer: ListAnswer, _ page: PageRequest, _ exchange: inout RelayExchange
    ) {
        do throws(StoreError) {
            let list = answer.key(exchange.account)
            let source = try reader.versionedList(list, of: answer.list.resource.rawValue)
            let tag = EntityTag(epoch: epoch, version: source.version, isWeak: true)
            guard let start = start(of: page, answer, &exchange) else { return }
            if exchange.isSettled(by: tag) { return }
            exchange.http.respond(200)
            exchange.http.set(.contentType, "application/json")
            exchange.setTag(tag)
            exchange.http.appendAttached(exchange.envelope.opening)
            let limit = page.limit ?? .max
            let result = try appendRecords(
                source, answer, start, limit, exchange.http.portionBytes, exchange.http)
            exchange.http.set(.totalCount, Int(result.total))
            try finishPage(result, answer, start, limit, exchange)
            pages.remember(exchange, reader.transactionID)
        } catch {
            // The status is on its way already: what was appended must not pass for the list.
            if exchange.http.isAnswered { return exchange.http.abort() }
            exchange.reject(Problem(error))
        }
    }

    /// Closes the page, or leaves word where its next portion begins; links to the next page.
    private func finishPage(
        _ result: PageResult, _ answer: ListAnswer, _ start: PageStart, _ limit: Int,
        _ exchange: RelayExchange
    ) throws(StoreError) {
        let http = exchange.http
        if result.isLast || result.documents == limit {
            http.appendAttached(exchange.envelope.closing)
            if !result.isLast, let last = result.lastKey {
                setLink(answer, limit, after: last, exchange)
            }
            return
        }
        guard let last = result.lastKey, let operation = exchange.operation else { return }
        http.state =
            ListContinuation(
                operation: operation, answer: answer, account: exchange.account, after: last,
                remaining: limit == .max ? .max : limit - result.documents
            ).state
        http.expectMore(true)
        if limit == .max { return }
        // The page is longer than a portion: look up where it will end.
        let list = try reader.view.list(answer.key(exchange.account), of: UInt64.self)
        let next = try list.rank(of: last) + UInt64(limit - result.documents)
        if next + 1 < result.total, let key = try list.key(at: next) {
            setLink(answer, limit, after: key, exchange)
        }
    }

    /// Appends the next portion of a list. Each portion is of the newest commit: a record is
    /// always whole, and one that exists all the while comes exactly once.
    mutating func continueList(_ http: HTTP2.Exchange) {
        if let next = SelectionContinuation(http.state) { return continueSelection(next, http) }
        guard var next = ListContinuation(http.state) else { return }
        let exchange = RelayExchange(http: http, account: next.account, operation: next.operation)
        do throws(StoreError) {
            let list = next.answer.key(next.account)
            let source = try reader.versionedList(
                list, of: next.answer.list.resource.rawValue)
            let result = try appendRecords(
                source, next.answer, .after(key: next.after), next.remaining, http.portionBytes,
                http, continues: true)
            if !result.isLast, result.documents < next.remaining, let last = result.lastKey {
                next.after = last
                next.remaining -= next.remaining == .max ? 0 : result.documents
                http.state = next.state
                return http.expectMore(true)
            }
            http.appendAttached(exchange.envelope.closing)
        } catch {
            http.abort()
        }
    }

    /// Appends records as runs, without the comma behind the last one.
    private func appendRecords(
        _ source: borrowing VersionedList, _ answer: ListAnswer, _ start: PageStart, _ limit: Int,
        _ bytes: Int, _ http: HTTP2.Exchange, continues: Bool = false
    ) throws(StoreError) -> PageResult {
        var runs = RecordRuns(http, continues: continues)
        let result = try reader.view.appendRuns(
            source, from: start, limit: limit, maxBytes: bytes
        ) { run, _ in runs.append(run) }
        runs.finish()
        return result
    }

    /// Where a page begins; nil after its cursor was refused.
    private func start(
        of page: PageRequest, _ answer: ListAnswer, _ exchange: inout RelayExchange
    ) -> PageStart? {
        guard let text = page.cursor else { return .offset(UInt64(page.offset ?? 0)) }
        guard let cursor = text.withBytes({ PageCursor($0) }),
            cursor.list == answer.list.rawValue, cursor.parameter == answer.parameter
        else {
            exchange.rejectCursor()
            return nil
        }
        if cursor.epoch != epoch {
            exchange.rejectExpiredCursor()
            return nil
        }
        return .after(key: cursor.after)
    }

    /// Links to the page behind a key.
    private func setLink(
        _ answer: ListAnswer, _ limit: Int, after key: UInt64, _ exchange: RelayExchange
    ) {
        let cursor = PageCursor(
            epoch: epoch, list: answer.list.rawValue, parameter: answer.parameter, after: key)
        exchange.setLink(limit, cursorBytes: PageCursor.characters) { cursor.write(to: $0) }
    }
}
