import TestSupport
import Testing

/// Counted in bytes, never in time: what comes on one connection before an answer ends.
@Suite("Beside each other on one connection of relayd")
struct AnswerOrderTests {
    @Test(
        "an order behind 20 pages comes before a tenth of their bytes.",
        arguments: [50, 1_000])
    func orderBehindPages(limit: Int) throws {
        let sample = try SampleStore()
        let relayd = try sample.serve()
        let client = try FrameClient(relayd.socket, key: try relayd.makeKey())
        let page = "/v1/orders?limit=\(limit)&offset=0"
        for path in ["/v1/orders/1", "/v1/orders/1/comments", "/v1/orders/999999999"] {
            let before = client.bytes
            let answers = client.answers
            try client.ask(Array(repeating: page, count: 20) + [path])
            try client.read(until: answers + 21)
            let all = client.bytes - before
            let needed = try #require(client.bytesBeforeNewest) - before
            #expect(all > 20 * limit * 500)
            #expect(needed <= all / 10, "\(path): \(needed) of \(all)")
        }
    }
}
