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

    static let nginx: String? = ["/usr/sbin/nginx", "/usr/bin/nginx"]
        .first { access($0, X_OK) == 0 }

    /// nginx with two workers, 50 requests to a connection and 16 streams at once.
    private func startNginx(_ directory: TemporaryDirectory) throws -> ChildProcess {
        let configuration = """
            worker_processes 2; daemon off; pid \(directory.file("pid"));
            error_log \(directory.file("error.log"));
            events { worker_connections 64; }
            http { access_log off; keepalive_requests 50; http2_max_concurrent_streams 16;
              client_body_temp_path \(directory.file("b")); proxy_temp_path \(directory.file("p"));
              fastcgi_temp_path \(directory.file("f")); uwsgi_temp_path \(directory.file("u"));
              scgi_temp_path \(directory.file("s"));
              server { listen unix:\(directory.file("nginx.sock")) http2;
                location / { return 200 "hello"; } location /empty { return 204; }
                location /moved { return 302 /; } location /same { return 304; } } }
            """
        let file = directory.file("nginx.conf")
        try TextFile.write(Array(configuration.utf8), to: file)
        let server = ChildProcess(
            try #require(Self.nginx), ["-c", file, "-p", directory.path],
            output: directory.file("log"))
        for _ in 0..<1_000 where access(directory.file("nginx.sock"), F_OK) != 0 { usleep(5_000) }
        return server
    }

    /// The master ends its workers first, if it gets the time.
    private func stop(_ nginx: ChildProcess) {
        nginx.signal(SIGTERM)
        nginx.wait()
    }

    @Test(
        "A server that ends its connections, allows few streams and has workers is measured as it is.",
        .enabled(if: nginx != nil, "nginx is not installed: apt-get install nginx-light"))
    func limits() throws {
        let directory = TemporaryDirectory()
        let server = try startNginx(directory)
        defer { stop(server) }
        let outcome = Bench.run(
            [
                "--url", "unix:\(directory.file("nginx.sock")):/", "-n", "3000", "-c", "2", "-m",
                "32",
                "--threshold", "server-cpu<1s",
            ], in: directory)
        let log = readText(directory.file("log")) + readText(directory.file("error.log"))
        #expect(outcome.code == 0, "\(outcome.output) \(log)")
        let run = try #require(outcome.report?["runs"]?.elements.first)
        #expect(run["good"]?.number == 3_000)
        // 50 requests to each connection, and two that were there from the beginning.
        #expect((run["reconnections"]?.number ?? 0) >= 56, "\(outcome.output)")
        #expect(run["serverStreamLimit"]?.number == 16)
        #expect(outcome.output.contains("The server allows 16 streams"))
        // The master listens, the workers serve.
        #expect(run["server", "processes"]?.number == 3, "\(outcome.output)")
        #expect((run["server", "cpuMicrosecondsPerRequest"]?.number ?? 0) > 0.5)
    }

    @Test(
        "Answers without a body and redirections are good answers.",
        .enabled(if: nginx != nil, "nginx is not installed: apt-get install nginx-light"),
        arguments: [("empty", 204), ("moved", 302), ("same", 304)])
    func statuses(path: String, status: Int) throws {
        let directory = TemporaryDirectory()
        let server = try startNginx(directory)
        defer { stop(server) }
        let outcome = Bench.run(
            [
                "--url", "unix:\(directory.file("nginx.sock")):/\(path)", "-n", "100", "--method",
                status == 302 ? "HEAD" : "GET",
            ], in: directory)
        #expect(outcome.code == 0, "\(outcome.output)")
        let counts = outcome.report?["runs"]?.elements.first?["statuses"]?.elements ?? []
        #expect(counts.map { $0["status"]?.number } == [Double(status)], "\(outcome.output)")
    }

    static let hasIPv6 = readText("/proc/net/if_inet6").contains("00000000000000000000000000000001")

    @Test(
        "The IPv6 loopback address is a loopback address, and what nobody can see is not judged.",
        .enabled(if: program != nil && hasIPv6, "no IPv6 or no nghttpd on this machine"))
    func loopback6() throws {
        let directory = TemporaryDirectory()
        try TextFile.write([UInt8](repeating: 0x61, count: 50), to: directory.file("file.txt"))
        let port = 40_000 + Int(getpid()) % 20_000
        let server = ChildProcess(
            try #require(Self.program),
            ["--no-tls", "-a", "::1", "-d", directory.path, "\(port)"],
            output: directory.file("log"))
        defer { server.signal(SIGTERM) }
        var outcome = Bench.Outcome(code: -1, output: "", report: nil)
        for _ in 0..<100 where outcome.report?["runs"]?.elements.isEmpty != false {
            usleep(20_000)
            outcome = Bench.run(
                [
                    "--url", "HTTP://[::1]:\(port)/file.txt", "-n", "200", "--threshold",
                    "server-cpu<1s",
                ], in: directory)
        }
        #expect(outcome.report?["runs"]?.elements.first?["good"]?.number == 200)
        #expect(outcome.code == 1 && outcome.output.contains("not judged server-cpu<1s"))
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
