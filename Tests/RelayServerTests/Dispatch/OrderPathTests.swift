import Testing

@testable import RelayServer

@Suite struct OrderPathTests {
    private func id(_ path: String) -> UInt64? {
        Array(path.utf8).withUnsafeBytes { OrderPath.id($0) }
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
