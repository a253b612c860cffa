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
        submit(.createDocument(new), dryRun: input.dryRun, &exchange)
    }

    mutating func createDocument(_ input: CreateDocumentInput, _ exchange: inout RelayExchange) {
        submit(.createDocument(input.body), dryRun: input.dryRun, &exchange)
    }

    mutating func getDocument(_ input: GetDocumentInput, _ exchange: inout RelayExchange) {
        answerRecord(.document, input.documentId, &exchange)
    }

    mutating func getDocuments(_ input: GetDocumentsInput, _ exchange: inout RelayExchange) {
        answerList(ListAnswer(.documents, .documents), input.page, &exchange)
    }
}

extension RelayExchange {
    /// Says of every answer of createDocumentV1, refusals too, that it is deprecated (RFC 9745)
    /// and what has taken its place.
    func setDeprecation() {
        guard operation == .createDocumentV1 else { return }
        http.set(.deprecation, "@1767225600")  // 2026-01-01
        http.set(.link, "</v2/documents>; rel=\"successor-version\"")
    }
}
