import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// GET of an order's comments: they are a part of its document, so the page is cut out of it.
extension RelayAPI {
    mutating func getOrderComments(
        _ input: GetOrderCommentsInput, _ exchange: inout RelayExchange
    ) {
        do throws(StoreError) {
            guard Resource.isStorable(input.orderId),
                let document = try reader.intactDocument(
                    Resource.order.key(exchange.account, input.orderId))
            else {
                return exchange.reject(
                    Problem(.notFound, "the account has no order \(input.orderId)"))
            }
            // The order's version changes whenever a comment is added: it will do as the list's.
            let tag = EntityTag(epoch: epoch, version: document.version, isWeak: true)
            // SAFETY: the map's bytes are read while the reader is borrowed.
            let view = reader.view
            let order = try view.withJSON(of: document) { Order(stored: $0, parser: parser) }
            guard let order else { throw .corrupted(what: "order \(input.orderId)") }
            answer(order, input.page, tag, &exchange)
        } catch {
            fail(error, exchange)
        }
    }

    private func answer(
        _ order: Order, _ page: PageRequest, _ tag: EntityTag, _ exchange: inout RelayExchange
    ) {
        var start = page.offset ?? 0
        if let text = page.cursor {
            do throws(Problem) {
                let id = try after(text, order.id)
                start = order.comments.firstIndex { $0.id > id } ?? order.comments.count
            } catch {
                return exchange.reject(error)
            }
        }
        if exchange.isSettled(by: tag) { return }
        let rest = order.comments.dropFirst(start)
        let comments = rest.prefix(page.limit ?? .max)
        var writer = JSONWriter()
        writer.values(Array(comments))
        exchange.http.answer(200, json: writer.bytes)
        exchange.setTag(tag)
        exchange.http.set(.totalCount, order.comments.count)
        if let limit = page.limit, let last = comments.last, comments.count < rest.count {
            let cursor = PageCursor(
                epoch: epoch, list: RecordList.commentsOfOrder.rawValue, parameter: order.id,
                after: last.id)
            exchange.setLink(limit, cursorBytes: PageCursor.characters) { cursor.write(to: $0) }
        }
    }

    /// The comment behind which a cursor goes on.
    private func after(_ text: Cursor, _ order: UInt64) throws(Problem) -> UInt64 {
        guard let cursor = text.withBytes({ PageCursor($0) }),
            cursor.list == RecordList.commentsOfOrder.rawValue, cursor.parameter == order
        else {
            var faults = Faults()
            faults.add(
                .pattern, parameter: "cursor",
                "the cursor is not of this list: expected one from its Link field")
            throw Problem(.badQuery, faults)
        }
        if cursor.epoch != epoch { throw .expiredCursor }
        return cursor.after
    }
}
