import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// GET of documents, which are read like all records.
extension RelayAPI {
    mutating func getDocument(_ input: GetDocumentInput, _ exchange: inout RelayExchange) {
        answerRecord(.document, input.documentId, &exchange)
    }

    mutating func getDocuments(_ input: GetDocumentsInput, _ exchange: inout RelayExchange) {
        if answers(input.ids, .document, &exchange) { return }
        answerRecords(RecordFilter(input), input.page, &exchange)
    }
}
