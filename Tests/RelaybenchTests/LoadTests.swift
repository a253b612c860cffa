import Glibc
import Testing

@testable import relaybench

/// Schedules, key choice, mixes, thresholds: what a command line is turned into.
@Suite struct LoadTests {
    @Test("A rate is due at equal distances.")
    func rate() {
        let schedule = Schedule.rate(1_000)
        #expect(schedule.due(0, length: 1) == 0)
        #expect(schedule.due(1, length: 1) == 1_000_000)
        #expect(schedule.due(5_000, length: 1) == 5_000_000_000)
    }

    @Test("A ramp sends the mean of its rates, slowly at first.")
    func ramp() throws {
        let schedule = try #require(Schedule.ramp("100:300"))
        let length: Int64 = 10_000_000_000
        // 2 000 requests in 10 s; after 5 s there were 100·5 + 20·25/2 = 750.
        #expect((schedule.due(2_000, length: length) - length).magnitude < 1_000)
        #expect((schedule.due(750, length: length) - length / 2).magnitude < 1_000)
        #expect(Schedule.ramp("300:0")!.due(1_501, length: length) == .max)
        #expect(Schedule.ramp("5") == nil && Schedule.ramp("0:0") == nil)
    }

    @Test("Threads take turns, so that the rate is the total.")
    func turns() {
        var due: [Int64] = []
        for thread in 0..<3 {
            var pacer = Pacer(first: thread, stride: 3)
            pacer.begin([Pacer.Part(schedule: .rate(1_000), length: 9_000_000)], at: 0)
            while pacer.nextDue < pacer.end {
                due.append(pacer.nextDue)
                pacer.advance()
            }
        }
        #expect(due.sorted() == (0..<9).map { $0 * 1_000_000 })
    }

    @Test("What was due in the warm-up stays due before what comes later.")
    func backlog() {
        var pacer = Pacer(first: 0, stride: 1)
        let part = { Pacer.Part(schedule: .rate($0), length: 10_000_000) }
        pacer.begin([part(1_000), part(500)], at: 100)
        var due: [Int64] = []
        while pacer.nextDue < pacer.end {
            due.append(pacer.nextDue - 100)
            pacer.advance()
        }
        let second = (0..<5).map { 10_000_000 + Int64($0) * 2_000_000 }
        #expect(due == (0..<10).map { Int64($0) * 1_000_000 } + second)
    }

    @Test("Stages go from one rate to the next, and end.")
    func stages() throws {
        let schedule = try #require(Schedule.stages("10s:100,10s:100,10s:0"))
        let length = try #require(schedule.length)
        #expect(length == 30_000_000_000)
        // 500 requests in the first ramp, 1 000 at 100/s, 500 in the last.
        #expect((schedule.due(500, length: length) - 10_000_000_000).magnitude < 1_000)
        #expect((schedule.due(1_000, length: length) - 15_000_000_000).magnitude < 1_000)
        #expect(schedule.due(1_999, length: length) < length)
        #expect(schedule.due(2_000, length: length) == .max)
        for text in ["", "10s", "10s:0", "x:1", "10s:-1", "10s:1:2", "0s:5"] {
            #expect(Schedule.stages(text) == nil, "\(text)")
        }
    }

    @Test("Rates may be below one a second.")
    func slow() {
        #expect(Schedule.rate(0.2).due(1, length: 1) == 5_000_000_000)
        #expect(Schedule.rate("0.2") == 0.2 && Schedule.rate("1e3") == nil)
        #expect(Schedule.rate("nan") == nil && Schedule.rate("-1") == nil)
    }

    @Test("Free slots are used first in, first out; those of a connection that is down wait.")
    func slots() {
        var queue = SlotQueue(connections: 2, streams: 2)
        defer { queue.deallocate() }
        #expect((0..<4).map { _ in queue.take() } == [0, 2, 1, 3])
        for slot in [3, 1] { queue.put(slot, 5) }
        #expect(queue.freeSince == 5 && queue.take() == 3)
        queue.park(3)
        #expect(queue.take() == 1 && queue.isEmpty)
        queue.unpark(1, 7)
        #expect(queue.freeSince == 7 && queue.take() == 3)
        queue.put(0, 10, pause: 5)
        #expect(queue.nextReady == 15)
    }

    @Test("Seconds that are over hold no histogram, however long the run.")
    func bounded() {
        let board = Board(threads: 2)
        let histogram = Histogram(digits: Limits.intervalDigits)
        for second in 0..<5_000 {
            histogram.record(1_000)
            for thread in 0..<2 {
                board.publish(second, by: thread, histogram, errors: 1, waiting: Int64(second))
            }
            histogram.reset()
        }
        #expect(board.histograms <= 2)
        let intervals = board.intervals
        #expect(intervals.count == 5_000)
        #expect(intervals.allSatisfy { $0.requests == 2 && $0.errors == 2 })
        #expect(intervals.last?.waiting == 4_999)
    }

    @Test(
        "A URL is read as RFC 9110 has it.",
        arguments: [
            ("http://127.0.0.1:80/a?b#c", "127.0.0.1:80", "127.0.0.1:80", "/a?b"),
            ("HTTP://[::1]:8080", "[::1]:8080", "[::1]:8080", "/"),
            ("http://localhost?x=1", "localhost:80", "localhost", "/?x=1"),
            ("http://[::1]/", "[::1]:80", "[::1]", "/"),
        ])
    func urls(url: String, address: String, authority: String, path: String) throws {
        let target = try Target(url: url)
        #expect(target.address == .loopback(address))
        #expect(target.authority == authority && target.path == path)
    }

    @Test("Uniform keys are alike, sequential ones come in turn.")
    func keys() {
        var chooser = KeyChooser(.uniform, count: 10, thread: 0, threads: 1, seed: 1)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<10_000 { counts[chooser.key()] += 1 }
        #expect(counts.allSatisfy { (850...1_150).contains($0) })
        var first = KeyChooser(.sequential, count: 5, thread: 0, threads: 2, seed: 1)
        var second = KeyChooser(.sequential, count: 5, thread: 1, threads: 2, seed: 1)
        #expect((0..<3).map { _ in first.key() } == [0, 2, 4])
        #expect((0..<3).map { _ in second.key() } == [1, 3, 0])
    }

    @Test("Zipf ranks are as frequent as 1 / rank^exponent says.", arguments: [0.5, 0.99, 1, 1.5])
    func zipf(exponent: Double) {
        let count = 1_000
        var chooser = KeyChooser(
            .zipf(exponent: exponent), count: count, thread: 0, threads: 1, seed: 7)
        var seen = [Int](repeating: 0, count: count + 1)
        let draws = 200_000
        for _ in 0..<draws { seen[chooser.rank(exponent)] += 1 }
        var sum = 0.0
        for rank in 1...count { sum += pow(Double(rank), -exponent) }
        for rank in [1, 2, 3, 10] {
            let expected = Double(draws) * pow(Double(rank), -exponent) / sum
            let spread = 5 * expected.squareRoot() + 1
            #expect((Double(seen[rank]) - expected).magnitude < spread, "rank \(rank)")
        }
    }

    @Test("Every key can come, popular ones are spread over the range.")
    func scatter() {
        var chooser = KeyChooser(
            .zipf(exponent: 0.99), count: 100, thread: 0, threads: 1, seed: 3)
        var keys = Set<Int>()
        for _ in 0..<20_000 { keys.insert(chooser.key()) }
        #expect(keys == Set(0..<100))
    }

    @Test("A mix names scenarios, keys and shares; a name for several is divided.")
    func mix() throws {
        let shares = try Share.parse("order-get=3,orders-page:zipf:1.2=1")
        #expect(shares.map(\.weight) == [3, 1])
        #expect(shares[1].keys == .zipf(exponent: 1.2))
        let mixed = try Share.parse("mixed")
        #expect(mixed.contains { $0.scenario.name == "order-patch" })
        #expect((mixed.reduce(0) { $0 + $1.weight } - 1).magnitude < 1e-9)
        for text in ["", "x", "order-get=-1", "order-get=a", "order-get:x", "order-get=1=2"] {
            #expect(throws: BenchError.self) { try Share.parse(text) }
        }
    }

    @Test(
        "A threshold is read with its unit.",
        arguments: [
            ("p(99)<5ms", 4_999.0, 5_000.0), ("mean<=10us", 10, 10.1), ("max<1s", 1, 1_000_000),
            ("errors<0.1%", 0.0009, 0.001), ("errors<=3", 3, 4), ("rate>1000", 1_001, 1_000),
            ("server-cpu<5us", 4.9, 5), ("order-get:p(99.9)>=2ms", 2_000, 1_999),
        ])
    func thresholds(text: String, kept: Double, missed: Double) throws {
        let threshold = try Threshold(text)
        #expect(threshold.verdict(kept) == true)
        #expect(threshold.verdict(missed) == false)
        #expect(threshold.verdict(nil) == nil)
    }

    @Test(
        "What is no threshold is refused.",
        arguments: [
            "", "p(99)", "p(99)<5", "p(0)<1ms", "p(101)<1ms", "rate<5ms", "x<1", "errors<x",
        ]
    )
    func badThresholds(text: String) {
        #expect(throws: BenchError.self) { try Threshold(text) }
    }

    @Test("A week later is a real day.")
    func week() {
        #expect(ServerProbe.week(after: "2024-02-25") == "2024-03-03")
        #expect(ServerProbe.week(after: "2023-02-25") == "2023-03-04")
        #expect(ServerProbe.week(after: "2024-12-28") == "2025-01-04")
        #expect(ServerProbe.week(after: "2024-06-01") == "2024-06-08")
    }
}
