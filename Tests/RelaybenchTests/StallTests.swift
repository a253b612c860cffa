import Glibc
import TestSupport
import Testing

@testable import relaybench

/// The mistake that most load tools make: not sending while the server stands still.
@Suite struct StallTests {
    @Test("A standstill shows in the corrected p99 and not in the uncorrected one.")
    func stall() throws {
        let directory = TemporaryDirectory()
        // A tenth of the time, in short: 200 ms every 2 s.
        let server = try BadServerProcess(["--stall", "200ms", "--every", "1800ms"], in: directory)
        let outcome = Bench.run(
            [
                "--socket", server.socket, "--rate", "1000", "-D", "4s", "-c", "1", "-m", "4",
                "--mix", "order-get", "--timeout", "2s",
            ], in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        let run = try #require(outcome.report?["runs"]?.elements.first)
        #expect(run["requests"]?.number == 4_000)
        let corrected = try #require(run["latency", "p99"]?.number)
        let uncorrected = try #require(run["uncorrected", "p99"]?.number)
        #expect(corrected > 100_000, "\(outcome.output)")
        #expect(uncorrected < 50_000, "\(outcome.output)")
        // Both stand in the text too.
        #expect(outcome.output.contains("latency from the intended time"))
        #expect(outcome.output.contains("from the actual sending"))
    }

    @Test("An open loop sends every request that is due, and the rate is the total.")
    func total() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            [
                "--socket", server.socket, "--rate", "3000", "-D", "1s", "-c", "3", "-t", "3",
                "--threshold", "rate>1",
            ], in: directory)
        let run = try #require(outcome.report?["runs"]?.elements.first)
        #expect(run["requests"]?.number == 3_000)
        #expect(run["errors"]?.number == 0)
    }

    @Test("What was due and never sent is an error with the time it was due for.")
    func unsent() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess(["--stall", "3s", "--every", "200ms"], in: directory)
        let outcome = Bench.run(
            [
                "--socket", server.socket, "--rate", "1000", "-D", "1s", "-c", "1", "-m", "2",
                "--timeout", "400ms",
            ], in: directory)
        #expect(outcome.code == 99)
        let run = try #require(outcome.report?["runs"]?.elements.first)
        #expect(run["requests"]?.number == 1_000)
        #expect((run["faults", "unsent"]?.number ?? 0) > 300)
        #expect((run["latency", "p99"]?.number ?? 0) > 500_000)
    }

    @Test("What overload leaves over of the warm-up is waited for in the measured part.")
    func warmUp() throws {
        let directory = TemporaryDirectory()
        // 500 answers a second at most, and 1 000 requests: half of the warm-up's are left over.
        let server = try BadServerProcess(["--work", "2ms"], in: directory)
        let outcome = Bench.run(
            [
                "--socket", server.socket, "--rate", "1000", "--warm-up", "1s", "-D", "500ms", "-c",
                "1", "-m", "4", "--threshold", "rate>1",
            ], in: directory)
        let run = try #require(outcome.report?["runs"]?.elements.first)
        #expect(run["requests"]?.number == 500)
        // Whoever was first in the measured part had 500 before him.
        #expect((run["latency", "min"]?.number ?? 0) > 300_000, "\(outcome.output)")
    }

    @Test("A second without an answer has no latency, but somebody who waited through it.")
    func silent() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess(["--stall", "3500ms", "--every", "500ms"], in: directory)
        let series = directory.file("series.csv")
        let outcome = Bench.run(
            [
                "--socket", server.socket, "--rate", "200", "-D", "3s", "-c", "1", "-m", "4",
                "--timeseries", series,
            ], in: directory)
        let run = try #require(outcome.report?["runs"]?.elements.first)
        let intervals = run["intervals"]?.elements ?? []
        let silent = intervals.filter { $0["requests"]?.number == 0 }
        #expect(!silent.isEmpty, "\(outcome.output)")
        #expect(silent.allSatisfy { $0["p99"] == nil && $0["max"] == nil })
        #expect(silent.contains { ($0["waiting"]?.number ?? 0) > 1_000_000 })
        #expect(readText(series).contains(",0,0,,,,"), "\(readText(series))")
        // The standstill is the highest place of the page, after the last second of the load.
        let report = try SavedReport(directory.file("report.json"))
        let chart = ReportCharts(report: report, run: run).latencies
        #expect(chart.band != nil)
        let highest = chart.series.flatMap(\.points).max { $0.y < $1.y }
        let longest = try #require(run["latency", "max"]?.number)
        #expect((highest?.y ?? 0) > longest * 0.9, "\(outcome.output)")
    }
}
