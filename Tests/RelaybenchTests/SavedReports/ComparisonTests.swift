import TestSupport
import Testing

@testable import relaybench

@Suite struct ComparisonTests {
    @Test(
        "Student's t has the quantiles of the printed tables.",
        arguments: [
            (0.975, 1.0, 12.706), (0.975, 4, 2.776), (0.975, 10, 2.228), (0.995, 5, 4.032),
            (0.95, 30, 1.697), (0.975, 1_000_000, 1.960),
        ])
    func quantiles(probability: Double, freedom: Double, expected: Double) {
        let value = StudentT.quantile(probability, freedom: freedom)
        #expect((value - expected).magnitude < 0.001)
    }

    @Test("The interval of a difference is Welch's.")
    func welch() throws {
        // Worked by hand: means 20 and 24, variances 2.5 and 10, five values each.
        let base = Sample(values: [18, 19, 20, 21, 22])
        let new = Sample(values: [20, 22, 24, 26, 28])
        let difference = try #require(Difference(from: base, to: new, confidence: 0.95))
        #expect(difference.point == 4)
        // df = 2.5² / (0.5²/4 + 2²/4) = 5.882; t = 2.459; error = √2.5 = 1.581.
        #expect((difference.high - 4 - 2.459 * 1.5811).magnitude < 0.01)
        #expect(Difference(from: base, to: Sample(values: [1]), confidence: 0.95) == nil)
    }

    static func report(
        rates: [Double], p99: [Double], errors: Double = 0, name: String = "order-get",
        members: String = ""
    ) throws -> SavedReport {
        let text = text(rates: rates, p99: p99, errors: errors, name: name, members: members)
        return try SavedReport("test", bytes: Array(text.utf8))
    }

    static func text(
        rates: [Double], p99: [Double], errors: Double = 0, name: String = "order-get",
        members: String = ""
    ) -> String {
        let runs = zip(rates, p99).map {
            #"{"rate":\#($0),"requests":1000,"errors":\#(errors),"#
                + #""latency":{"mean":1,"p50":1,"p99":\#($1),"p999":9},"#
                + #""scenarios":[{"name":"\#(name)","keys":"uniform","share":100}]}"#
        }
        return #"{"relaybench":"x","format":1,"clientWasLimit":false,\#(members)"runs":["#
            + runs.joined(separator: ",") + "]}"
    }

    @Test("Scatter within what is allowed is no difference, and the text says so.")
    func noDifference() throws {
        let base = try Self.report(rates: [100, 101, 99, 100], p99: [10, 10.1, 9.9, 10])
        let new = try Self.report(rates: [100, 99.5, 100.5, 100], p99: [10.1, 10, 9.9, 10])
        let comparison = Comparison(base, new, failOver: 0.05)
        #expect(comparison.exitCode == .success)
        #expect(comparison.lines.allSatisfy { $0.verdict == .noDifference })
        #expect(comparison.text.contains("No difference seen."))
    }

    @Test("Scatter that holds more than is allowed is inconclusive, with an exit code of its own.")
    func inconclusive() throws {
        // 35 % less on average, and the interval reaches from a collapse to a gain.
        let base = try Self.report(rates: [100, 130, 70], p99: [10, 10, 10])
        let new = try Self.report(rates: [65, 95, 35], p99: [10, 10, 10])
        let comparison = Comparison(base, new, failOver: 0.05)
        #expect(comparison.lines.first { $0.name == "requests/s" }?.verdict == .inconclusive)
        #expect(comparison.exitCode == .inconclusive)
        #expect(comparison.text.contains("Inconclusive"), "\(comparison.text)")
        #expect(!comparison.text.contains("No difference"))
    }

    @Test("What may be better but is surely not worse than allowed passes.")
    func notWorse() throws {
        let base = try Self.report(rates: [100, 100, 100], p99: [10, 11, 12])
        let new = try Self.report(rates: [100, 100, 100], p99: [7, 8.4, 9.8])
        let comparison = Comparison(base, new, failOver: 0.6)
        #expect(comparison.lines.first { $0.name == "p99 µs" }?.verdict == .notWorse)
        #expect(comparison.exitCode == .success)
    }

    @Test("A rise of errors is worse, however fast the failures come.", arguments: [1, 3])
    func errors(runs: Int) throws {
        let rates = [Double](repeating: 100, count: runs)
        let base = try Self.report(rates: rates, p99: rates)
        let new = try Self.report(rates: rates, p99: rates, errors: 1_000)
        let comparison = Comparison(base, new, failOver: 0.5)
        #expect(comparison.exitCode == .threshold)
        #expect(comparison.lines.first { $0.name == "errors, share" }?.verdict == .tooMuchWorse)
        #expect(comparison.text.contains("100 % in new"), "\(comparison.text)")
    }

    @Test("What did not finish and what measured something else is refused.")
    func incomparable() throws {
        let stopped = try Self.report(
            rates: [1], p99: [1], members: #""ended":"interrupted","#)
        #expect(throws: BenchError.self) { try stopped.requireComparable() }
        let failed = try Self.report(rates: [1], p99: [1], members: #""ended":"failed","#)
        #expect(throws: BenchError.self) { try failed.requireComparable() }
        let base = try Self.report(rates: [1], p99: [1])
        try base.requireComparable()
        #expect(base.mix != (try Self.report(rates: [1], p99: [1], name: "orders-page").mix))
    }

    @Test("A change beyond the limit fails, one within it is named, a better one too.")
    func worse() throws {
        let base = try Self.report(rates: [100, 101, 99, 100], p99: [10, 10.1, 9.9, 10])
        let slow = try Self.report(rates: [80, 81, 79, 80], p99: [5, 5.1, 4.9, 5])
        let comparison = Comparison(base, slow, failOver: 0.05)
        #expect(comparison.fails)
        #expect(comparison.lines.first { $0.name == "requests/s" }?.verdict == .tooMuchWorse)
        #expect(comparison.lines.first { $0.name == "p99 µs" }?.verdict == .better)
        let lenient = Comparison(base, slow, failOver: 0.5)
        #expect(!lenient.fails)
        #expect(lenient.lines.first { $0.name == "requests/s" }?.verdict == .worse)
    }

    @Test("Of several reports each is compared with the first, and the worst counts.")
    func several() throws {
        let directory = TemporaryDirectory()
        let rates: [(String, [Double])] = [
            ("base", [100, 101, 99, 100]), ("same", [100, 100, 101, 99]),
            ("slow", [80, 81, 79, 80]),
        ]
        for (name, rates) in rates {
            let report = Self.text(rates: rates, p99: [10, 10.1, 9.9, 10])
            try TextFile.write(Array(report.utf8), to: directory.file(name))
        }
        let paths = rates.map { directory.file($0.0) }
        let all = ChildProcess.run("relaybench", ["compare"] + paths)
        #expect(all.code == 99, "\(all.output)")
        #expect(all.output.contains("base: \(paths[0]), new: \(paths[2])\n"), "\(all.output)")
        #expect(ChildProcess.run("relaybench", ["compare"] + paths.prefix(2)).code == 0)
    }

    @Test("One run cannot tell chance from change and says so, but is held to the limit.")
    func single() throws {
        let base = try Self.report(rates: [100], p99: [10])
        let near = Comparison(base, try Self.report(rates: [98], p99: [10]), failOver: 0.05)
        #expect(near.exitCode == .inconclusive)
        #expect(Comparison(base, try Self.report(rates: [90], p99: [10]), failOver: 0.05).fails)
    }

    @Test(
        "What is no report is refused with a reason.",
        arguments: ["", "{}", "[1]", "{\"relaybench\":1}"])
    func refused(text: String) {
        #expect(throws: BenchError.self) { try SavedReport("x", bytes: Array(text.utf8)) }
    }
}
