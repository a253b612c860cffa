import Glibc
import TestSupport
import Testing

@testable import relaybench

/// Wrong answers of a real server are errors.
@Suite struct FaultTests {
    @Test("A server that answers well makes no errors.")
    func none() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            [
                "--socket", server.socket, "-n", "2000", "-c", "2", "-m", "8", "--mix",
                "order-get=4,orders-page=4,orders-deep,orders-far,order-hot",
            ], in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        let run = try #require(outcome.report?["runs"]?.elements.first)
        #expect(run["requests"]?.number == 2_000)
        #expect(run["errors"]?.number == 0)
        #expect(run["scenarios"]?.elements.count == 5)
        // One answer of 64 is read byte by byte.
        #expect((run["readWhole"]?.number ?? 0) >= 2_000 / 64)
    }

    @Test(
        "A wrong answer is an error of its kind.",
        arguments: [
            ("status", "order-get", "status"), ("order", "order-get", "body"),
            ("cut", "orders-page", "body"), ("total", "orders-page", "total"),
            ("short", "orders-page", "documents"), ("disorder", "orders-page", "documents"),
        ])
    func faults(fault: String, scenario: String, expected: String) throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess(["--fault", fault], in: directory)
        let outcome = Bench.run(
            ["--socket", server.socket, "-n", "1000", "-c", "1", "-m", "4", "--mix", scenario],
            in: directory)
        #expect(outcome.code == 99, "\(outcome.output)")
        let faults = try #require(outcome.report?["runs"]?.elements.first?["faults"])
        #expect((faults[expected]?.number ?? 0) > 0, "\(outcome.output)")
        #expect(faults.members.count == 1, "\(outcome.output)")
    }

    @Test("A request without an answer times out, and counts with the time it waited.")
    func silence() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess(["--fault", "silence"], in: directory)
        let outcome = Bench.run(
            [
                "--socket", server.socket, "-n", "300", "-c", "1", "-m", "32", "--timeout",
                "300ms", "--threshold", "errors<50%",
            ], in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        let run = try #require(outcome.report?["runs"]?.elements.first)
        #expect((run["faults", "timeout"]?.number ?? 0) >= 20)
        #expect((run["latency", "p99"]?.number ?? 0) >= 290_000)
    }

    @Test("A scenario that the server does not have ends the program before the run.")
    func missing() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            ["--socket", server.socket, "--mix", "units-page"], in: directory)
        #expect(outcome.code == 1)
        #expect(outcome.output.contains("units-page cannot run"))
        #expect(outcome.report?["ended"]?.text == "failed")
    }

    @Test("A server that goes away ends the run with a report that says so.")
    func gone() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let json = directory.file("gone.json")
        let bench = ChildProcess(
            "relaybench",
            ["run", "--quiet", "--socket", server.socket, "-D", "20s", "--json", json])
        usleep(500_000)
        server.process.signal(SIGKILL)
        #expect(bench.wait() == 1)
        #expect(Bench.tree(json)?["ended"]?.text == "failed")
        let run = try #require(Bench.tree(json)?["runs"]?.elements.first)
        #expect((run["faults", "connection"]?.number ?? 0) > 0)
        #expect((run["good"]?.number ?? 0) > 0)
    }

    @Test("Status codes are counted, and the first failing answer is shown.")
    func statuses() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess(["--fault", "status"], in: directory)
        let outcome = Bench.run(
            ["--socket", server.socket, "-n", "1000", "-c", "1", "-m", "4"], in: directory)
        let part = try #require(
            outcome.report?["runs"]?.elements.first?["scenarios"]?.elements.first)
        let statuses = part["statuses"]?.elements ?? []
        #expect(statuses.compactMap { $0["status"]?.number } == [200, 500], "\(outcome.output)")
        #expect(statuses.reduce(0) { $0 + ($1["answers"]?.number ?? 0) } == 1_000)
        #expect(part["firstFailure", "status"]?.number == 500)
        #expect(part["firstFailure", "path"]?.text?.hasPrefix("/v1/orders/") == true)
        #expect(outcome.output.contains("First: GET /v1/orders/"), "\(outcome.output)")
    }

    @Test("Bodies of varying length are no errors of a URL.")
    func varying() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess(["--fault", "vary"], in: directory)
        let outcome = Bench.run(
            ["--url", "UNIX:\(server.socket):/v1/orders/7", "-n", "200"], in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        #expect(outcome.report?["runs"]?.elements.first?["good"]?.number == 200)
    }

    @Test("The CPU time of a short run is that of all its requests.")
    func shortRun() throws {
        let directory = TemporaryDirectory()
        // 8 ms in all: a look at the server used to be up to 20 ms late.
        let server = try BadServerProcess(["--burn", "200"], in: directory)
        let outcome = Bench.run(
            ["--socket", server.socket, "-n", "40", "-c", "1", "-m", "4"], in: directory)
        let run = try #require(outcome.report?["runs"]?.elements.first)
        let spent = try #require(run["server", "cpuMicrosecondsPerRequest"]?.number)
        #expect((200...1_500).contains(spent), "\(outcome.output)")
    }
}
