import Testing

@testable import relayctl

@Suite struct TopTableTests {
    private func sample(_ json: String, at time: Int) throws -> TopSample {
        try #require(TopSample(Array(json.utf8), time: time))
    }

    @Test("Rates are what changed by the time between, and a restart is no negative rate.")
    func rates() throws {
        let before = try sample(
            #"{"requests":100,"answers2xx":100,"commits":10,"writes":20,"cpuMilliseconds":100}"#,
            at: 1_000)
        let after = try sample(
            #"""
            {"requests":1100,"answers2xx":1090,"commits":20,"writes":70,"cpuMilliseconds":350,
            "usedBytes":1048576,"readers":[{"pid":7,"commit":5,"lag":2},{"pid":8}]}
            """#, at: 3_000)
        let text = TopTable(before: before, after: after).lines.joined(separator: "\n")
        #expect(text.contains("requests  500/s   2xx 495"))
        #expect(text.contains("writes    25/s in 5 commits/s of 5.0"))
        #expect(text.contains("cpu       12.5 %"))
        #expect(text.contains("store     1.0 MiB"))
        #expect(text.contains("readers   1 of 0 slots, 2 commits behind at most"))
        let restarted = TopTable(before: after, after: try sample("{}", at: 4_000))
        #expect(restarted.lines.contains { $0.contains("requests  0/s") })
        #expect(TopSample(Array("[]".utf8), time: 0) == nil)
    }

    @Test(
        "Operations are listed by what was asked for most in between, with their p99 and failures.")
    func operations() throws {
        let before = try sample(
            #"""
            {"operations":[
            {"operation":"getOrder","status":"2xx","count":5,"sum":1,"buckets":[5]}]}
            """#, at: 1_000)
        let after = try sample(
            #"""
            {"commitTime":{"count":100,"sum":1,"buckets":[0,0,100]},"operations":[
            {"operation":"getOrder","status":"2xx","count":25,"sum":1,"buckets":[5,20]},
            {"operation":"getOrders","status":"2xx","count":30,"sum":1,"buckets":[30]},
            {"operation":"getOrders","status":"5xx","count":2,"sum":1,"buckets":[2]},
            {"operation":"old","status":"2xx","count":0,"sum":0,"buckets":[]}]}
            """#, at: 3_000)
        let lines = TopTable(before: before, after: after).lines
        let shown = lines.filter { $0.hasPrefix("  ") }
        #expect(
            shown == ["  getOrders  16/s   p99 7 µs   2 failed", "  getOrder  10/s   p99 15 µs"])
        #expect(lines.contains { $0.hasPrefix("commits   p99 31 µs   waits") })
    }

    @Test("Keys are listed by what they asked for in between, accounts by how full they are.")
    func keysAndAccounts() throws {
        let before = try sample(
            #"{"keyRequests":[{"id":7,"count":100}],"keyRefusals":[{"id":7,"count":1}]}"#,
            at: 1_000)
        let after = try sample(
            #"""
            {"keyRequests":[{"id":7,"count":140},{"id":9,"count":60},{"id":3,"count":0},{"id":0,"count":2}],
            "keyRefusals":[{"id":7,"limit":"requests","count":8},{"id":7,"limit":"writes","count":3}],
            "accountUses":[{"account":1,"usedBytes":2097152,"refused":0},
            {"account":2,"usedBytes":1048576,"quotaBytes":2097152,"refused":0},
            {"account":3,"usedBytes":1048576,"quotaBytes":1048576,"refused":5}]}
            """#, at: 3_000)
        let lines = TopTable(before: before, after: after).lines.filter { line in
            ["key ", "refused ", "account "].contains { line.hasPrefix($0) }
        }
        #expect(
            lines == [
                "key       9  30/s", "key       7  20/s", "key       others  1/s",
                "refused   key 7  5/s, 11 since the start",
                "account   3  1.0 MiB of 1.0 MiB, 100 %   5 refused",
                "account   2  1.0 MiB of 2.0 MiB, 50 %", "account   1  2.0 MiB",
            ])
    }

    @Test(
        "The slowest requests are shown with what writes spent their time on, and none if none was."
    )
    func slowest() throws {
        let after = try sample(
            #"""
            {"slowest":[
            {"method":"PATCH","path":"/v1/orders/7","status":200,"microseconds":31000,
            "queueMicroseconds":20500,"commitMicroseconds":9800},
            {"method":"GET","path":"/v1/orders?internalId=*","status":200,"microseconds":2000},
            {"method":"GET","path":"/v1/units","status":0,"microseconds":1500},
            {"method":"GET","path":"/v1/orders","status":200,"microseconds":1200}]}
            """#, at: 1_000)
        let lines = TopTable(before: after, after: after).lines
        let start = try #require(lines.firstIndex(of: "slowest"))
        #expect(
            lines[start...].prefix(4) == [
                "slowest", "  PATCH /v1/orders/7  200   31 ms   waited 20 ms, commit 9800 µs",
                "  GET /v1/orders?internalId=*  200   2000 µs", "  GET /v1/units  0   1500 µs",
            ])
        #expect(!lines.contains { $0.contains("1200") })
        let none = TopTable(before: try sample("{}", at: 0), after: try sample("{}", at: 1))
        #expect(!none.lines.contains("slowest"))
    }
}
