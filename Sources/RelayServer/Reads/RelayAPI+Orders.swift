import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// GET of the list of orders, filtered and sorted.
extension RelayAPI {
    mutating func getOrders(_ input: GetOrdersInput, _ exchange: inout RelayExchange) {
        if answers(input.ids, .order, &exchange) { return }
        // By far the most common: all of them, or a page of all.
        if input.asksForAll {
            return answerList(RequestedList(.orders), input.page, &exchange)
        }
        let query = RecordQuery(account: exchange.account, OrderFilter(input))
        let list: (RecordList, UInt64)?
        do throws(StoreError) {
            list = try query.list(reader.view)
        } catch {
            return fail(error, exchange)
        }
        if let (list, parameter) = list {
            answerList(RequestedList(list, parameter), input.page, &exchange)
        } else {
            answerSelection(.records(query), input.page, &exchange)
        }
    }
}

extension GetOrdersInput {
    /// Whether no filter is given and no order. Asked of each member, which costs less than to compare filters.
    var asksForAll: Bool {
        status == nil && type == nil && propertyId == nil && customerId == nil
            && internalId == nil && isInternal == nil && dueFrom == nil && dueTo == nil
            && updatedSince == nil && sort == nil
    }
}

extension OrderFilter {
    init(_ input: GetOrdersInput) {
        self.init()
        status = input.status
        type = input.type
        propertyId = input.propertyId
        customerId = input.customerId
        internalId = input.internalId
        isInternal = input.isInternal
        dueFrom = input.dueFrom
        dueTo = input.dueTo
        updatedSince = input.updatedSince
        sort = input.sort
    }
}
