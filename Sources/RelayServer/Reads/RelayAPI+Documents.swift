import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// Documents: created in two ways, read like all records.
extension RelayAPI {
    mutating func createDocumentV1(
        _ input: CreateDocumentV1Input, _ exchange: inout RelayExchange
    ) {
        let new = NewDocument(
            title: input.body.title, propertyId: input.body.propertyId,
            customerId: input.body.customerId)
        submit(CreateDocument(new), dryRun: input.dryRun, &exchange)
    }

    mutating func createDocument(_ input: CreateDocumentInput, _ exchange: inout RelayExchange) {
        submit(CreateDocument(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func getDocument(_ input: GetDocumentInput, _ exchange: inout RelayExchange) {
        answerRecord(.document, input.documentId, &exchange)
    }

    mutating func getDocuments(_ input: GetDocumentsInput, _ exchange: inout RelayExchange) {
        answerList(ListAnswer(.documents), input.page, &exchange)
    }
}
