import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// DELETE of records, and of files.
extension RelayAPI {
    mutating func deleteOrder(_ input: DeleteOrderInput, _ exchange: inout RelayExchange) {
        submit(
            DeleteOrder(input.orderId, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func deleteCustomer(_ input: DeleteCustomerInput, _ exchange: inout RelayExchange) {
        submit(
            DeleteCustomer(input.customerId, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func deleteUnit(_ input: DeleteUnitInput, _ exchange: inout RelayExchange) {
        submit(
            DeleteUnit(input.unitId, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    mutating func deleteDocument(_ input: DeleteDocumentInput, _ exchange: inout RelayExchange) {
        submit(
            DeleteDocument(input.documentId, exchange.precondition(epoch)),
            dryRun: input.dryRun, &exchange)
    }

    /// The tag of a file is made of its bytes, which never change under one id: so its conditions are looked
    /// at here, before the writer.
    mutating func deleteAttachment(
        _ input: DeleteAttachmentInput, _ exchange: inout RelayExchange
    ) {
        do throws(StoreError) {
            guard let tag = try attachmentTag(input.attachmentId, exchange.account) else {
                return exchange.reject(
                    Problem(.notFound, "the account has no attachment \(input.attachmentId)"))
            }
            if exchange.isRefused(by: tag) { return }
        } catch {
            return fail(error, exchange)
        }
        submit(DeleteAttachment(input.attachmentId, .none), dryRun: input.dryRun, &exchange)
    }

    /// What a GET of a file has as its ETag; nil when the account has no such file.
    private mutating func attachmentTag(
        _ id: UInt64, _ account: UInt32
    ) throws(StoreError) -> String? {
        guard Resource.isStorable(id),
            let document = try reader.intactDocument(Resource.attachment.key(account, id))
        else { return nil }
        guard let content = AttachmentContent(privateBytes: document.privateBytes) else {
            throw .corrupted(what: "attachment \(id)")
        }
        return content.tag
    }
}
