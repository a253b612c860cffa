import Testing

@testable import relaybench

@Suite struct ServerWritesTests {
    private func counters(
        _ commits: Int, _ writes: Int, wait: (Int, Int), commit: (Int, Int)
    ) -> [UInt8] {
        Array(
            """
            {"commits":\(commits),"writes":\(writes),
            "queueWait":{"count":\(wait.0),"sum":\(wait.1),"buckets":[1]},
            "commitTime":{"count":\(commit.0),"sum":\(commit.1),"buckets":[1]}}
            """.utf8)
    }

    @Test("What relayd's writer did is the difference of its counters.")
    func difference() throws {
        let before = counters(10, 20, wait: (20, 1_000), commit: (10, 50_000))
        let after = counters(14, 60, wait: (60, 9_000), commit: (14, 90_000))
        let writes = try #require(ServerWrites(before: before, after: after))
        #expect(writes.writes == 40 && writes.commits == 4)
        #expect(writes.meanWait == 200 && writes.meanCommit == 10_000)
    }

    @Test("Where nothing was written, or the server was started again, there is nothing to tell.")
    func nothing() {
        let some = counters(10, 20, wait: (20, 1_000), commit: (10, 50_000))
        let fewer = counters(1, 2, wait: (2, 100), commit: (1, 5_000))
        #expect(ServerWrites(before: some, after: some) == nil)
        #expect(ServerWrites(before: some, after: fewer) == nil)
        #expect(ServerWrites(before: [], after: some) == nil)
        #expect(ServerWrites(before: some, after: Array("{}".utf8)) == nil)
        #expect(ServerWrites(before: some, after: Array("[1".utf8)) == nil)
    }
}
