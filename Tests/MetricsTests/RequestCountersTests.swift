import Testing

@testable import Metrics

@Suite struct RequestCountersTests {
    @Test("Each kind and class of answers has a series of its own, and each kind its bytes.")
    func series() {
        let counters = RequestCounters(kinds: 3)
        defer { counters.deallocate() }
        for kind in 0..<3 {
            for status in [200, 304, 404, 503] {
                for _ in 0...kind {
                    counters.record(
                        RequestCounters.series(kind, status: status), microseconds: Int64(status))
                }
            }
            counters.addBytes(kind, received: kind, sent: 10 * kind)
        }
        var values = RequestValues(kinds: 3)
        counters.add(to: &values)
        for (index, latency) in values.latency.enumerated() {
            let (kind, place) = index.quotientAndRemainder(dividingBy: 4)
            #expect(latency.count == UInt64(kind + 1))
            #expect(latency.sum == latency.count * [200, 304, 404, 503][place])
        }
        #expect(values.received == [0, 1, 2] && values.sent == [0, 10, 20])
        #expect((2...5).allSatisfy { values.answers($0) == 6 })
        counters.add(to: &values)
        #expect(values.answers(2) == 12)
    }
}
