import Testing

@testable import RelayStore

@Suite struct RequestRateTests {
    @Test(
        "A rate is read as it is written, with a burst of its own if it has one.",
        arguments: [
            ("100/s", 100, 1, 100), ("100/s:200", 100, 1, 200), ("1/h", 1, 3_600, 1),
            ("600/m:50", 600, 60, 50), ("1000000/s:1000000", 1_000_000, 1, 1_000_000),
        ])
    func reading(text: String, count: UInt32, seconds: UInt32, burst: UInt32) throws {
        let rate = try #require(RequestRate(text))
        #expect(rate.count == count && rate.period.rawValue == seconds && rate.burst == burst)
        #expect("\(rate)" == (text == "1000000/s:1000000" ? "1000000/s" : text))
        #expect(RequestRate("\(rate)") == rate)
        // Never more often than was said.
        #expect(rate.interval * Int64(count) >= Int64(seconds) * 1_000_000_000)
        #expect((rate.interval - 1) * Int64(count) < Int64(seconds) * 1_000_000_000)
    }

    @Test(
        "What is no rate is none.",
        arguments: [
            "", "100", "0/s", "100/d", "100/", "/s", "100/s:", "100/s:0", "100/s:1:2", "+1/s",
            "1/s:+1", "-1/s", "1.5/s", "1000001/s", "1/s:1000001", "1/s/s", " 1/s", "99999999999/s",
        ])
    func wrong(text: String) { #expect(RequestRate(text) == nil) }

    @Test("Limits are kept beside their key, are changed one by one, and go with it.")
    func kept() throws {
        let store = try Store.inMemory()
        var reader = try store.makeReader()
        let limits = KeyLimits(requests: RequestRate("100/s:200"), uploads: 512)
        let keys = try store.write { (transaction) throws(StoreError) in
            var keys: [NewAPIKey] = []
            for limits in [KeyLimits(), limits] {
                keys.append(
                    try transaction.createAPIKey(
                        account: 1, label: "", time: 5, limits: limits))
            }
            return keys
        }
        func shown() throws -> KeyLimits? {
            try reader.renewIfStale()
            let records = try reader.view.apiKeys()
            #expect(records[0].limits == nil)
            return records[1].limits
        }
        var expected = limits
        expected.generation = 2
        #expect(try shown() == expected && keys[1].record.limits == expected)
        var patch = KeyLimitsPatch()
        patch.writes = RequestRate("7/m")
        patch.uploads = .some(nil)
        let generation = reader.keyGeneration
        let id = keys[1].record.id
        let set = try store.write { (transaction) throws(StoreError) in
            check(try transaction.setLimits(of: 77, patch), nil)
            return try transaction.setLimits(of: id, patch)
        }
        expected = KeyLimits(requests: RequestRate("100/s:200"), writes: RequestRate("7/m"))
        expected.generation = 3
        #expect(try shown() == expected && set?.limits == expected)
        // Loops look the key up again.
        #expect(reader.keyGeneration == generation + 1)
        patch.requests = .some(nil)
        patch.writes = .some(nil)
        let freed = try store.write { (transaction) throws(StoreError) in
            try transaction.setLimits(of: id, patch)
        }
        #expect(try shown() == nil && freed?.limits == nil)
    }
}
