import RelayContract
import RelayRecords

/// PATCH and DELETE of parts of orders, and PATCH of documents.
extension RelayAPI {
    mutating func updateOrderComment(
        _ input: UpdateOrderCommentInput, _ exchange: inout RelayExchange
    ) {
        submit(
            UpdateComment(
                input.orderId, input.commentId, input.body, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func deleteOrderComment(
        _ input: DeleteOrderCommentInput, _ exchange: inout RelayExchange
    ) {
        submit(
            DeleteComment(input.orderId, input.commentId, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func updateOrderField(
        _ input: UpdateOrderFieldInput, _ exchange: inout RelayExchange
    ) {
        submit(
            UpdateOrderField(input.fieldId, input.body, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func deleteOrderField(
        _ input: DeleteOrderFieldInput, _ exchange: inout RelayExchange
    ) {
        submit(
            DeleteOrderField(input.fieldId, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func updateContactPerson(
        _ input: UpdateContactPersonInput, _ exchange: inout RelayExchange
    ) {
        submit(
            UpdateContactPerson(
                input.contactPersonId, input.body, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func deleteContactPerson(
        _ input: DeleteContactPersonInput, _ exchange: inout RelayExchange
    ) {
        submit(
            DeleteContactPerson(input.contactPersonId, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func updateDocument(_ input: UpdateDocumentInput, _ exchange: inout RelayExchange) {
        submit(
            UpdateDocument(input.documentId, input.body, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }
}
