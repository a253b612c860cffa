import Glibc
import TestSupport
import Testing

@testable import relaybench

/// Servers that are not ours can be measured the same way.
@Suite struct ForeignServerTests {
    static let program: String? = ["/usr/bin/nghttpd", "/usr/sbin/nghttpd"]
        .first { access($0, X_OK) == 0 }

    @Test(
        "nghttpd on a loopback port serves a file as often as it is asked for.",
        .enabled(if: program != nil, "nghttpd is not installed: apt-get install nghttp2-server"))
    func nghttpd() throws {
        let directory = TemporaryDirectory()
        try TextFile.write([UInt8](repeating: 0x61, count: 5_000), to: directory.file("file.txt"))
        let port = 20_000 + Int(getpid()) % 20_000
        let log = directory.file("log")
        let server = ChildProcess(
            try #require(Self.program),
            ["--no-tls", "-a", "127.0.0.1", "-d", directory.path, "\(port)"], output: log)
        defer { server.signal(SIGTERM) }
        var outcome = Bench.Outcome(code: -1, output: "", report: nil)
        for _ in 0..<100 where outcome.code != 0 {
            usleep(20_000)
            outcome = Bench.run(
                ["--url", "http://127.0.0.1:\(port)/file.txt", "-n", "1000", "-c", "2", "-m", "8"],
                in: directory)
        }
        #expect(outcome.code == 0, "\(outcome.output) \(readText(log))")
        let run = try #require(outcome.report?["runs"]?.elements.first)
        #expect(run["good"]?.number == 1_000)
        #expect(run["bytes"]?.number == 5_000_000)
    }

    @Test("A Unix socket and a path make a URL too.")
    func unix() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            ["--url", "unix:\(server.socket):/v1/orders/7", "-n", "100"], in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        #expect(outcome.report?["runs"]?.elements.first?["good"]?.number == 100)
    }
}
