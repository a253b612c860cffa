import JSON
import RelayContract
import RelayStore
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelaySnapshots

/// A store may hold what an earlier program accepted: metadata that nests deeper than is accepted now.
@Suite("A document whose metadata nests 62 deep")
struct OldLimitTests {
    private let fixture: SnapshotFixture
    private let json: [UInt8]

    init() throws {
        fixture = try SnapshotFixture(orders: 5)
        try fixture.change([
            UpsertCustomer(CustomerUpsert(customer: CustomerInput(name: "c"))),
            UpsertProperties(
                PropertyUpsert(properties: [PropertyInput(name: "p", customerId: 1)])),
            CreateDocument(NewDocument(title: "d", propertyId: 1, customerId: 1)),
        ])
        let metadata =
            "{\"v\":" + String(repeating: "[", count: 61) + String(repeating: "]", count: 61) + "}"
        let time = "2026-01-01T00:00:00.000Z"
        json = Array(
            """
            {"id":1,"title":"d","propertyId":1,"customerId":1,"attachments":[{"id":1,\
            "name":"a.pdf","fileType":"application/pdf","size":9,"metadata":\(metadata),\
            "createdAt":"\(time)"}],"createdAt":"\(time)","updatedAt":"\(time)"}
            """.utf8)
        let (key, bytes) = (Resource.document.key(1, 1), json)
        try fixture.store.write { (transaction) throws(StoreError) in
            try transaction.putDocument(
                key, json: bytes.span.bytes, privateBytes: RawSpan(),
                version: try transaction.view.lastSequence())
            var links = RecordLinks()
            links.entries.add([1], of: 1, on: .documentsByAttachment, 1)
            try transaction.relink(1, from: RecordLinks(), to: links)
        }
    }

    @Test("is sound, can be snapshotted and restored.")
    func snapshot() throws {
        defer { fixture.keep() }
        #expect(try StoreExamination.examine(fixture.store).findings == [])
        let folder = try fixture.take("snapshot")
        let outcome = try SnapshotRestoration.restore(
            .folder(folder), to: fixture.file("restored"))
        #expect(outcome.report.findings == [])
    }

    @Test("can be dumped, and loaded into another store.")
    func dump() throws {
        defer { fixture.keep() }
        let reader = try fixture.store.makeReader()
        var writer = DumpWriter()
        var lines: [UInt8] = []
        let extent = try writer.measure(reader.view)
        _ = try writer.write(reader.view, fixture.store.metadata, extent) { piece, _ in
            lines += piece
            return true
        }
        #expect(writer.faults == [])
        let target = try Store.inMemory()
        let reading = DumpReader().read(lines)
        let outcome = try target.write { (transaction) throws(StoreError) in
            try RecordApplier().load(reading.batches, to: &transaction)
        }
        #expect(outcome.faults + reading.faults == [] && outcome.created == extent.documents)
    }
}
