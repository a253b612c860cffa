import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// Answers selections: first which records are on the page, from lists alone, then their documents
/// as they lie in the map.
extension RelayAPI {
    mutating func answerSelection(
        _ selection: Selection, _ page: PageRequest, _ exchange: inout RelayExchange
    ) {
        do throws(StoreError) {
            let version = try selection.version(reader.view, exchange.account)
            let tag = EntityTag(epoch: epoch, version: version, isWeak: true)
            guard let start = start(of: page, selection, &exchange) else { return }
            if exchange.isSettled(by: tag) { return }
            let limit = page.limit ?? .max
            try selection.fill(
                selected, reader.view, from: start, limit: min(limit, Limits.selectedRecords))
            exchange.http.respond(200)
            exchange.http.set(.contentType, "application/json")
            exchange.setTag(tag)
            if let total = selected.total { exchange.http.set(.totalCount, Int(total)) }
            if limit != .max, !selected.isLast {
                setLink(selection, limit, exchange)
            }
            exchange.http.appendAttached(exchange.envelope.opening)
            guard let operation = exchange.operation else { return exchange.http.abort() }
            try appendSelected(
                selection,
                SelectionContinuation(
                    operation: operation, account: exchange.account, hasRecords: false,
                    start: start, remaining: limit), exchange)
            pages.remember(exchange, reader.transactionID)
        } catch {
            // The status is on its way already: what was appended must not pass for the list.
            if exchange.http.isAnswered { return exchange.http.abort() }
            exchange.reject(Problem(error))
        }
    }

    /// Appends the next portion of a selection, found anew in the newest commit.
    mutating func continueSelection(_ next: SelectionContinuation, _ http: HTTP2.Exchange) {
        let exchange = RelayExchange(http: http, account: next.account, operation: next.operation)
        let request = APIRequest(query: exchange.query)
        guard let selection = try? Selection(next.operation, request, next.account) else {
            return http.abort()
        }
        do throws(StoreError) {
            try selection.fill(
                selected, reader.view, from: next.start,
                limit: min(next.remaining, Limits.selectedRecords))
            try appendSelected(selection, next, exchange)
        } catch {
            http.abort()
        }
    }

    /// Appends the documents of the selected page, as many as a portion has room for; closes the
    /// list, or leaves word where it goes on.
    private func appendSelected(
        _ selection: Selection, _ present: SelectionContinuation, _ exchange: RelayExchange
    ) throws(StoreError) {
        let http = exchange.http
        var runs = RecordRuns(http, continues: present.hasRecords)
        let (count, last) = try appendRuns(selection, present.account, &runs, http.portionBytes)
        runs.finish()
        var next = present
        let isWhole = count == selected.count
        next.hasRecords = present.hasRecords || count > 0
        // A page with a limit is what was found for it, where its link goes on: with the work of
        // another portion there might be more, which the next page has.
        if next.remaining != .max { next.remaining = selected.count - count }
        // A page that is shorter than its limit because the work for it was used up is a page; a
        // list without a limit goes on until its end.
        let isDone = isWhole && (selected.isLast || present.remaining != .max)
        if isDone { return http.appendAttached(exchange.envelope.closing) }
        next.start = isWhole ? selected.next : SelectionStart(after: last)
        // White space, so that there is something to send when no record was found so far.
        if count == 0 { http.appendAttached("\n") }
        http.continuation = .selection(next)
        http.expectMore(true)
    }

    /// Appends the runs of the selected page, up to a number of bytes; returns how many records they
    /// have, and the key of the last.
    private func appendRuns(
        _ selection: Selection, _ account: UInt32, _ runs: inout RecordRuns, _ maxBytes: Int
    ) throws(StoreError) -> (count: Int, last: UInt128?) {
        let keys = selected.keys
        var bytes = 0
        let count = try reader.appendRuns(
            of: keys.span, account: account, resource: selection.resource.rawValue,
            maxBytes: maxBytes
        ) { run in
            runs.append(run)
            bytes += run.count
        }
        let last = count == 0 ? nil : keys[count - 1]
        guard count == keys.count, let range = selected.coveringRange else { return (count, last) }
        let covering = try reader.view.appendRuns(
            range, maxBytes: maxBytes - bytes, least: count == 0 ? 1 : 0
        ) { run in runs.append(run) }
        return (count + covering.documents, covering.lastKey ?? last)
    }

    /// Where a page begins; nil after its cursor was refused.
    private func start(
        of page: PageRequest, _ selection: Selection, _ exchange: inout RelayExchange
    ) -> SelectionStart? {
        guard let text = page.cursor else { return SelectionStart(skip: UInt64(page.offset ?? 0)) }
        guard let cursor = text.withBytes({ SelectionCursor($0) }),
            cursor.fingerprint == selection.fingerprint
        else {
            exchange.rejectCursor()
            return nil
        }
        if cursor.epoch != epoch {
            exchange.rejectExpiredCursor()
            return nil
        }
        return cursor.start
    }

    private func setLink(_ selection: Selection, _ limit: Int, _ exchange: RelayExchange) {
        let cursor = SelectionCursor(
            epoch: epoch, fingerprint: selection.fingerprint, start: selected.next)
        exchange.setLink(limit, cursorBytes: SelectionCursor.characters) { cursor.write(to: $0) }
    }
}

extension RelayExchange {
    /// Answers a request whose cursor is none of this list with these filters.
    mutating func rejectCursor() {
        var faults = Faults()
        faults.add(
            .pattern, parameter: "cursor",
            "the cursor is not of this list with these filters: expected one from its Link field")
        reject(Problem(.badQuery, faults))
    }

    /// Answers a request whose cursor is from before the store was restored.
    mutating func rejectExpiredCursor() {
        reject(
            Problem(
                .cursorExpired,
                "the store was restored after this cursor was made: start again without cursor"))
    }
}
