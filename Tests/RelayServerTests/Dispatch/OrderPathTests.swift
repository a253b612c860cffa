import Testing

@testable import RelayServer

@Suite struct OrderPathTests {
    private func id(_ path: String) -> UInt64? {
        Array(path.utf8).withUnsafeBytes { OrderPath.id($0) }
    }

    @Test("An answer may be long if its path has a query, names no record, or is that of a file.")
    func lengths() {
        func mayBeLong(_ path: String) -> Bool {
            Array(path.utf8).withUnsafeBytes { OrderPath.mayBeLong($0) }
        }
        for path in [
            "/v1/orders", "/v1/orders?limit=50&offset=0", "/v1/units/msc", "/v2/documents",
            "/v1/attachments/7", "/v1/eed/missing?month=2026-01", "/openapi.json",
            "/v1/orders/1?a=1",
            "", "/",
        ] {
            #expect(mayBeLong(path), "\(path)")
        }
        for path in [
            "/v1/orders/1", "/v1/orders/1/comments", "/v1/customers/12", "/v1/addresses/3",
        ] {
            #expect(!mayBeLong(path), "\(path)")
        }
    }

    @Test("The id is read from the path of one order and from no other path.")
    func ids() {
        #expect(id("/v1/orders/1") == 1)
        #expect(id("/v1/orders/274877906944") == 274_877_906_944)
        for path in [
            "", "/", "/v1/orders", "/v1/orders/", "/v1/orders/a", "/v1/orders/1/comments",
            "/v1/orders/1?x=1", "/v2/orders/1", "/v1/orders/99999999999999999999999999",
            "/v1/customers/1", "/v1/orders/-1",
        ] {
            #expect(id(path) == nil, "\(path)")
        }
    }
}
