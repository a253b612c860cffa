import RelayContract
import RelayRecords
import Testing

@Suite("Documents")
struct DocumentRecordsTests {
    @Test("have no empty files: with one, a document could not be read again.")
    func emptyFile() throws {
        let fixture = try RecordFixture()
        let property = try fixture.property(of: try fixture.customer())
        try fixture.must(
            CreateDocument(NewDocument(title: "d", propertyId: property, customerId: 1)))
        let empty = try fixture.upload([])
        #expect(
            try fixture.refuse(CreateDocumentAttachment(1, empty, nil)) == ["/content tooShort"])
        try fixture.must(CreateDocumentAttachment(1, try fixture.upload([1]), nil))
        let document = try #require(try fixture.model(Document.self, .document, 1))
        #expect(document.attachments.map(\.size) == [1])
    }
}
