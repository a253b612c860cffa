import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// Answers selections: first which records are on the page, from lists alone, then their documents
/// as they lie in the map.
extension RelayAPI {
    mutating func answerSelection(
        _ selection: Selection, _ page: PageRequest, _ exchange: inout RelayExchange
    ) {
        let start: SelectionStart
        do throws(Problem) {
            start = try self.start(of: page, selection)
        } catch {
            return exchange.reject(error)
        }
        do throws(StoreError) {
            let version = try selection.watched.version(in: reader.view, of: exchange.account)
            let tag = EntityTag(epoch: epoch, version: version, isWeak: true)
            if exchange.isSettled(by: tag) { return }
            let limit = page.limit ?? .max
            try selection.fill(
                selected, reader.view, from: start, limit: min(limit, Limits.selectedRecords))
            exchange.http.respond(200)
            if case .named(let records) = selection, selected.total != UInt64(records.count) {
                exchange.setMissing(try records.missing(reader.view))
            }
            exchange.http.set(.contentType, "application/json")
            exchange.setTag(tag)
            if let total = selected.total { exchange.http.set(.totalCount, Int(total)) }
            if limit != .max, !selected.isLast {
                setLink(selection, limit, exchange)
            }
            exchange.http.appendAttached(exchange.operation.listEnvelope.opening)
            try appendSelected(
                selection,
                SelectionContinuation(
                    operation: exchange.operation, account: exchange.account, hasRecords: false,
                    start: start, remaining: limit), exchange.http,
                isChecked: pages.isWorthCopy(exchange))
            if !selection.isComposed {
                _ = pages.remember(
                    exchange, reader.transactionID, watched: selection.watched, version: version)
            }
        } catch {
            fail(error, exchange)
        }
    }

    /// Appends the next portion of a selection, found anew in the newest commit.
    mutating func continueSelection(_ next: SelectionContinuation, _ http: HTTP2.Exchange) {
        let request = APIRequest(query: RequestTarget(http).query)
        do throws(StoreError) {
            guard let selection = try? Selection(next.operation, request, next.account) else {
                throw .corrupted(what: "the query of a list that was begun")
            }
            try selection.fill(
                selected, reader.view, from: next.start,
                limit: min(next.remaining, Limits.selectedRecords))
            try appendSelected(selection, next, http)
        } catch {
            fail(error, http)
        }
    }

    /// Appends the documents of the selected page, as many as a portion has room for; closes the
    /// list, or notes where it goes on.
    func appendSelected(
        _ selection: Selection, _ present: SelectionContinuation, _ http: HTTP2.Exchange,
        isChecked: Bool = false
    ) throws(StoreError) {
        var runs = RecordRuns(http, continues: present.hasRecords)
        let (count, last) = try appendRuns(
            selection, present.account, &runs, http, isChecked: isChecked)
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
        if isDone {
            if case .calendar = selection { return endCalendar(http) }
            return http.appendAttached(present.operation.listEnvelope.closing)
        }
        next.start = isWhole ? selected.next : SelectionStart(after: last)
        // White space, so that there is something to send when no record was found so far.
        if count == 0, !selection.isComposed { http.appendAttached("\n") }
        http.continuation = .selection(next)
        http.expectMore(true)
    }

    /// Appends the runs of the selected page, up to a number of bytes; returns how many records they
    /// have, and the key of the last.
    private func appendRuns(
        _ selection: Selection, _ account: UInt32, _ runs: inout RecordRuns,
        _ http: HTTP2.Exchange, isChecked: Bool
    ) throws(StoreError) -> (count: Int, last: UInt128?) {
        let maxBytes = http.portionBytes
        if case .eedOfProperty(let units) = selection {
            return try appendReports(units, &runs, maxBytes)
        }
        if case .calendar = selection { return try appendEvents(account, http) }
        let keys = selected.keys
        var bytes = 0
        let count = try reader.appendRuns(
            of: keys.span, account: account, resource: selection.resource.rawValue,
            maxBytes: maxBytes, isChecked: isChecked
        ) { run in
            runs.append(run)
            bytes += run.count
        }
        let last = count == 0 ? nil : keys[count - 1]
        guard count == keys.count, let range = selected.coveringRange else { return (count, last) }
        let covering = try reader.appendRuns(
            range, maxBytes: maxBytes - bytes, least: count == 0 ? 1 : 0, isChecked: isChecked
        ) { run in runs.append(run) }
        return (count + covering.documents, covering.lastKey ?? last)
    }

    /// Appends the reports of the selected units, which are made here, as one run.
    private func appendReports(
        _ units: EedOfProperty, _ runs: inout RecordRuns, _ maxBytes: Int
    ) throws(StoreError) -> (count: Int, last: UInt128?) {
        var bytes: [UInt8] = []
        var count = 0
        for key in selected.keys where bytes.count < maxBytes {
            var writer = JSONWriter()
            try units.write(unit: key.recordID, reader, to: &writer)
            bytes += writer.bytes
            bytes.append(UInt8(ascii: ","))
            count += 1
        }
        if count == 0 { return (0, nil) }
        runs.append(turnBytes.keep(bytes))
        return (count, selected.keys[count - 1])
    }

    /// Where a page begins.
    ///
    /// - Throws: 400 for a cursor of another list or other filters, 410 for one from before a restore.
    private func start(
        of page: PageRequest, _ selection: Selection
    ) throws(Problem) -> SelectionStart {
        guard let text = page.cursor else { return SelectionStart(skip: UInt64(page.offset ?? 0)) }
        guard let cursor = text.withBytes({ SelectionCursor($0) }),
            cursor.fingerprint == selection.fingerprint
        else { throw .foreignCursor }
        if cursor.epoch != epoch { throw .expiredCursor }
        return cursor.start
    }

    private func setLink(_ selection: Selection, _ limit: Int, _ exchange: RelayExchange) {
        let cursor = SelectionCursor(
            epoch: epoch, fingerprint: selection.fingerprint, start: selected.next)
        exchange.setLink(limit, cursorBytes: SelectionCursor.characters) { cursor.write(to: $0) }
    }
}
