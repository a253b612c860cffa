import Testing

@testable import RelayServer

@Suite struct KeyUsageTests {
    @Test("Each key has its counter; those beyond the room share one.")
    func counters() {
        let usage = KeyUsage()
        for id in 1...UInt64(Limits.countedKeys) + 2 {
            usage.count(usage.counter(of: id))
            #expect(usage.counter(of: id) == (id > Limits.countedKeys ? 0 : Int(id)))
        }
        usage.count(usage.counter(of: 7))
        var requests: [UInt64: UInt64] = [7: 1]
        usage.add(to: &requests)
        #expect(requests.count == Limits.countedKeys + 1)
        #expect(requests[7] == 3 && requests[8] == 1 && requests[0] == 2)
    }
}
