import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// Answers lists: total, version and link in the fields, records as runs of the map.
extension RelayAPI {
    mutating func answerList(
        _ requested: RequestedList, _ page: PageRequest, _ exchange: inout RelayExchange
    ) {
        let start: PageStart
        do throws(Problem) {
            start = try self.start(of: page, requested)
        } catch {
            return exchange.reject(error)
        }
        do throws(StoreError) {
            let list = requested.key(exchange.account)
            let source = try reader.versionedList(
                list, of: requested.kind.resource.rawValue)
            let tag = EntityTag(epoch: epoch, version: source.version, isWeak: true)
            if exchange.isSettled(by: tag) { return }
            exchange.http.respond(200)
            exchange.http.set(.contentType, "application/json")
            exchange.setTag(tag)
            let limit = page.limit ?? .max
            let known = try pages.known(exchange, on: source, from: start, limit: limit, reader)
            if let known {
                return try answer(known, source, requested, start, limit, exchange)
            }
            exchange.http.appendAttached(exchange.operation.listEnvelope.opening)
            let result = try appendRecords(
                source, start, limit, exchange.http,
                isChecked: pages.isWorthCopy(exchange))
            exchange.http.set(.totalCount, Int(result.total))
            try finishPage(result, requested, start, limit, exchange)
            let room = pages.remember(
                exchange, reader.transactionID, watched: ResourceSet(source.resource),
                version: source.version, documents: result.documents)
            if let room { try source.list.copyKeys(from: start, to: room) }
        } catch {
            fail(error, exchange)
        }
    }

    /// Answers with the body of a known page: what else there is to say of it may have changed.
    private func answer(
        _ known: RememberedPages.KnownPage, _ source: borrowing VersionedList,
        _ requested: RequestedList, _ start: PageStart, _ limit: Int, _ exchange: RelayExchange
    ) throws(StoreError) {
        exchange.http.appendAttached(known.body)
        exchange.http.set(.totalCount, Int(source.list.count))
        let end = try source.list.offset(of: start) + UInt64(known.documents)
        if end < source.list.count, let last = known.lastKey {
            setLink(requested, limit, after: last, exchange)
        }
        pages.renew(exchange, reader.transactionID, version: source.version)
    }

    /// Closes the page, or notes where its next portion begins; links to the next page.
    private func finishPage(
        _ result: PageResult, _ requested: RequestedList, _ start: PageStart, _ limit: Int,
        _ exchange: RelayExchange
    ) throws(StoreError) {
        let http = exchange.http
        if result.isLast || result.documents == limit {
            http.appendAttached(exchange.operation.listEnvelope.closing)
            if !result.isLast, let last = result.lastKey {
                setLink(requested, limit, after: last, exchange)
            }
            return
        }
        let last = try lastKey(result, requested.key(exchange.account))
        http.continuation = .list(
            ListContinuation(
                operation: exchange.operation, account: exchange.account, list: requested,
                after: last,
                remaining: limit == .max ? .max : limit - result.documents))
        http.expectMore(true)
        if limit == .max { return }
        // The page is longer than a portion: look up where it will end.
        let list = try reader.view.list(requested.key(exchange.account), of: UInt64.self)
        let next = try list.rank(of: last) + UInt64(limit - result.documents)
        if next + 1 < result.total, let key = try list.key(at: next) {
            setLink(requested, limit, after: key, exchange)
        }
    }

    /// Appends the next portion of a list. Each portion is of the newest commit: a record is
    /// always whole, and one that exists all the while comes exactly once.
    mutating func continueList(_ next: ListContinuation, _ http: HTTP2.Exchange) {
        var next = next
        do throws(StoreError) {
            let list = next.list.key(next.account)
            let source = try reader.versionedList(
                list, of: next.list.kind.resource.rawValue)
            let result = try appendRecords(
                source, .after(key: next.after), next.remaining, http, continues: true)
            if !result.isLast, result.documents < next.remaining {
                next.after = try lastKey(result, list)
                next.remaining -= next.remaining == .max ? 0 : result.documents
                http.continuation = .list(next)
                return http.expectMore(true)
            }
            http.appendAttached(next.operation.listEnvelope.closing)
        } catch {
            fail(error, http)
        }
    }

    /// Behind which key the next portion begins.
    private func lastKey(
        _ portion: PageResult, _ list: ListKey
    ) throws(StoreError) -> UInt64 {
        guard let last = portion.lastKey else {
            throw .corrupted(list, "no record follows, though its end was not reached")
        }
        return last
    }

    /// Appends records as runs, without the comma behind the last one.
    private func appendRecords(
        _ source: borrowing VersionedList, _ start: PageStart, _ limit: Int,
        _ http: HTTP2.Exchange, continues: Bool = false, isChecked: Bool = false
    ) throws(StoreError) -> PageResult {
        var runs = RecordRuns(http, continues: continues)
        let result = try reader.appendRuns(
            source, from: start, limit: limit, maxBytes: http.portionBytes, isChecked: isChecked
        ) { run, _ in runs.append(run) }
        runs.finish()
        return result
    }

    /// Where a page begins.
    ///
    /// - Throws: 400 for a cursor of another list or other filters, 410 for one from before a restore.
    @inline(__always)
    private func start(of page: PageRequest, _ requested: RequestedList) throws(Problem)
        -> PageStart
    {
        guard let text = page.cursor else { return .offset(UInt64(page.offset ?? 0)) }
        guard let cursor = text.withBytes({ PageCursor($0) }),
            cursor.list == requested.kind.rawValue, cursor.parameter == requested.parameter
        else { throw .foreignCursor }
        if cursor.epoch != epoch { throw .expiredCursor }
        return .after(key: cursor.after)
    }

    /// Links to the page behind a key.
    private func setLink(
        _ requested: RequestedList, _ limit: Int, after key: UInt64, _ exchange: RelayExchange
    ) {
        let cursor = PageCursor(
            epoch: epoch, list: requested.kind.rawValue, parameter: requested.parameter, after: key)
        exchange.setLink(limit, cursorBytes: PageCursor.characters) { cursor.write(to: $0) }
    }
}
