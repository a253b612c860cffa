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
}
