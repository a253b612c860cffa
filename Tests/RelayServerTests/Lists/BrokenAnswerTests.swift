import HTTP2
import RelayRecords
import RelayStore
import Testing

@testable import RelayServer

/// A record that is on lists, and missing.
@Suite("A list with a hole")
struct BrokenAnswerTests {
    private func fixture() throws -> ServiceFixture {
        let fixture = try ServiceFixture()
        // A portion has about 250 of them: the hole is in the second one from either end.
        try fixture.store.load(orders: 700, titleBytes: 1_000) { $0 == 350 ? .finished : .open }
        try fixture.store.write { (transaction) throws(StoreError) in
            #expect(try transaction.deleteDocument(Resource.order.key(1, 350)))
        }
        fixture.state.set(ready: true)
        return fixture
    }

    private static let targets = [
        "/v1/orders", "/v1/orders?limit=700", "/v1/orders?limit=1&offset=349",
        "/v1/orders?sort=-id", "/v1/orders?sort=-id&limit=700",
        "/v1/orders?status=FINISHED&sort=-id",
    ]

    @Test("breaks off in whatever portion it is met; each time is counted, and the log told once.")
    func counted() throws {
        let fixture = try fixture()
        for (number, target) in Self.targets.enumerated() {
            #expect(fixture.get(target).status == 0, "\(target)")
            let counted = "\"failedReads\":\(number + 1)"
            #expect(fixture.admin("GET", "/readyz").text.contains(counted), "\(target)")
            #expect(fixture.admin("GET", "/admin/stat").text.contains(counted), "\(target)")
        }
        #expect(fixture.log.lines.count == 1)
        let line = try #require(fixture.log.lines.first)
        #expect(line.hasPrefix("a read failed: the list of account 1, kind 9, parameter 0"))
        #expect(line.contains("document 1/5/350, which is missing"), "\(line)")
    }

    @Test("is served where the hole is not, and nothing is counted.")
    func around() throws {
        let fixture = try fixture()
        #expect(fixture.get("/v1/orders?limit=349").ids()?.count == 349)
        #expect(fixture.get("/v1/orders/350").status == 404)
        #expect(!fixture.admin("GET", "/readyz").text.contains("failedReads"))
        #expect(fixture.log.lines.isEmpty)
    }
}
