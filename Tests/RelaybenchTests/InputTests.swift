import Glibc
import TestSupport
import Testing

@testable import relaybench

/// Requests that the command line or a file names, and when they are sent.
@Suite struct InputTests {
    /// How many answers had which status: the server's `/mirror` says with it what it was asked.
    private func statuses(_ outcome: Bench.Outcome) -> [Int: Int] {
        let run = outcome.report?["runs"]?.elements.first
        let pairs = (run?["statuses"]?.elements ?? []).map {
            (Int($0["status"]?.number ?? 0), Int($0["answers"]?.number ?? 0))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test("Method, header and body of the command line reach the server.")
    func url() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            [
                "--url", "unix:\(server.socket):/mirror", "-n", "20", "--method", "PUT", "--body",
                "hello", "--header", "Idempotency-Key: mirror",
            ], in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        #expect(statuses(outcome) == [355: 20], "\(outcome.output)")
    }

    @Test("The lines of a file are sent in turn, with their bodies.")
    func file() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let file = directory.file("requests")
        try TextFile.write(Array("seven..".utf8), to: directory.file("body"))
        try TextFile.write(
            Array("# three kinds\nGET /mirror\n\nPOST /mirror body\r\nPUT /mirror\n".utf8), to: file
        )
        let outcome = Bench.run(
            ["--socket", server.socket, "--input-file", file, "-n", "30", "-m", "4", "-c", "1"],
            in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        #expect(statuses(outcome) == [200: 10, 207: 10, 250: 10], "\(outcome.output)")
        #expect(outcome.report?["load", "file"]?.text == file)
    }

    @Test(
        "A line that is no request is refused with its number.",
        arguments: ["GET", "get /", "GET x", "GET / body more", "GET / nothere"])
    func badLines(line: String) throws {
        let directory = TemporaryDirectory()
        let file = directory.file("requests")
        try TextFile.write(Array("GET /\n\(line)\n".utf8), to: file)
        let outcome = Bench.run(["--socket", "nobody", "--input-file", file], in: directory)
        let names = line.hasSuffix("nothere") ? "nothere" : "line 2"
        #expect(outcome.code == (names == "line 2" ? 2 : 1))
        #expect(outcome.output.contains(names), "\(outcome.output)")
    }

    @Test("A path of thousands of bytes, and a body of more than a frame, are sent whole.")
    func long() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let path = "/v1/orders/7?x=" + String(repeating: "a", count: 3_000)
        let outcome = Bench.run(
            ["--url", "unix:\(server.socket):\(path)", "-n", "100"], in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        let body = directory.file("body")
        try TextFile.write([UInt8](repeating: 0x61, count: 60_007), to: body)
        let sent = Bench.run(
            ["--url", "unix:\(server.socket):/mirror", "-n", "50", "--body", "@\(body)"],
            in: directory)
        #expect(statuses(sent) == [207: 50], "\(sent.output)")
    }

    @Test("Stages send what lies under their line, and rates may have fractions.")
    func stages() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let stages = Bench.run(
            ["--socket", server.socket, "--stages", "500ms:200,500ms:0"], in: directory)
        #expect(stages.code == 0, "\(stages.output)")
        #expect(stages.report?["runs"]?.elements.first?["requests"]?.number == 100)
        #expect(stages.report?["load", "stages"]?.text == "500ms:200,500ms:0")
        let slow = Bench.run(
            ["--socket", server.socket, "--rate", "0.5", "-D", "1s"], in: directory)
        #expect(slow.report?["runs"]?.elements.first?["requests"]?.number == 1)
        #expect(slow.report?["load", "rate"]?.number == 0.5)
    }

    @Test("Think time is a pause after each answer.")
    func think() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            ["--socket", server.socket, "-c", "1", "-m", "2", "--think", "200ms", "-D", "1s"],
            in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        let requests = outcome.report?["runs"]?.elements.first?["requests"]?.number ?? 0
        #expect((2...10).contains(requests), "\(outcome.output)")
    }
}
