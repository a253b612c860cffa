import Glibc
import HTTP2
import JSON
import Options
import TestSupport
import Testing

/// The log of a real relayd.
@Suite("The log", .serialized)
struct LogTests {
    private let directory = TemporaryDirectory()

    /// Events of a log in logfmt, in order.
    static func events(_ text: String) -> [Substring] {
        text.split(separator: "\n").compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix("event=") }?.dropFirst(6)
        }
    }

    @Test("is logfmt or JSON, a line for each event, and begins with version and configuration.")
    func formats() throws {
        let plain = try Relayd(
            store: directory.file("store"), in: directory, arguments: ["--loops", "2"])
        #expect(plain.stop() == 0)
        #expect(
            Self.events(plain.output) == ["start", "store_created", "ready", "not_ready", "end"])
        let first = plain.output.prefix { $0 != "\n" }
        #expect(first.contains(" version=") && first.contains(" pid=\(plain.process.pid) "))
        #expect(first.contains("loops = 2,") && first.contains("scrub-rate = 4MiB"), "\(first)")
        let json = try Relayd(
            store: directory.file("store"), in: directory,
            arguments: ["--log-format", "json"])
        #expect(json.stop() == 0)
        let parser = JSONParser()
        var names: [String] = []
        for line in json.output.split(separator: "\n") {
            let bytes = Array(line.utf8)
            let event = try bytes.withUnsafeBytes { bytes in
                let object = try parser.parse(bytes)
                #expect(object["time"] != nil && object["level"] != nil, "\(line)")
                return object["event"]?.string.map { String($0) }
            }
            names.append(event ?? "none")
        }
        #expect(names == ["start", "ready", "not_ready", "end"])
    }

    @Test("has the priority before each line where it goes to the journal, and only there.")
    func journal() throws {
        let log = directory.file("log")
        try OutputFile.write([], to: log)
        var file = stat()
        try #require(stat(log, &file) == 0)
        for (place, start) in [
            ("\(file.st_dev):\(file.st_ino)", "<3>time="), ("\(file.st_dev):1", "time="),
        ] {
            let relayd = ChildProcess(
                "relayd", ["--store", directory.file("no/store"), "--socket", directory.file("s")],
                output: log, environment: ["JOURNAL_STREAM=\(place)"])
            #expect(relayd.wait() == 1)
            let last = readText(log).split(separator: "\n").last ?? ""
            #expect(last.hasPrefix(start) && last.contains("event=start_failed"), "\(last)")
        }
    }

    @Test("has a priority in the journal, too, where a program complains of its command line.")
    func commandLine() throws {
        let log = directory.file("log")
        for (program, words, start) in [
            ("relayd", ["--no-such-option"], "<3>relayd: unknown option"),
            ("relayctl", ["stat", "--store", directory.file("no")], "<3>relayctl: "),
            (
                "relayd",
                ["--store", ":memory:", "--socket", directory.file("s"), "--check-config"],
                "<4>relayd: "
            ),
        ] {
            try OutputFile.write([], to: log)
            var file = stat()
            try #require(stat(log, &file) == 0)
            let run = ChildProcess(
                program, words, output: log,
                environment: [
                    "JOURNAL_STREAM=\(file.st_dev):\(file.st_ino)", "RELAYD_NO_SUCH=1",
                ])
            run.wait()
            let lines = readText(log).split(separator: "\n")
            #expect(lines.first?.hasPrefix(start) == true, "\(lines)")
            if start.hasPrefix("<3>") {
                #expect(lines.allSatisfy { $0.hasPrefix("<3>") }, "\(lines)")
            }
        }
    }

    @Test("names keys by their ids when they are made and revoked, and tells nothing else of them.")
    func keys() throws {
        let relayd = try Relayd(store: ":memory:", in: directory)
        let admin = ["--admin-socket", relayd.adminSocket]
        let made = ChildProcess.run(
            "relayctl", ["keys", "create", "--account", "7", "--label", "Planted Name"] + admin)
        let key = try #require(
            made.output.split { !($0.isLetter || $0.isNumber || $0 == "_") }
                .first { $0.hasPrefix("relay_") })
        #expect(relayd.logs("event=key_created key=1 account=7\n"))
        #expect(ChildProcess.run("relayctl", ["keys", "revoke", "1"] + admin).code == 0)
        #expect(relayd.logs("event=key_revoked key=1\n"))
        let output = relayd.output
        #expect(Self.events(output).suffix(2) == ["key_created", "key_revoked"])
        #expect(!output.contains(key) && !output.contains("Planted"))
    }

    @Test("tells of a connection that is cut off, and why.")
    func cutOff() throws {
        let relayd = try Relayd(store: ":memory:", in: directory)
        for _ in 0..<3 {
            _ = ChildProcess.run(
                "curl", ["--http1.1", "-s", "--unix-socket", relayd.socket, "http://localhost/"])
        }
        #expect(relayd.logs("event=connection_cut_off"))
        #expect(relayd.logs("event=connection_cut_off reason=wrong_protocol msg="))
        // At most a line a second for each reason; the others are told by their number.
        #expect(relayd.logs("event=repeated of=connection_cut_off reason=wrong_protocol count="))
        #expect(relayd.logs("event=repeated of=connection_cut_off"))
        #expect(relayd.stop() == 0)
    }

    @Test("that cannot be written does not stop relayd, and what was lost is counted.")
    func full() throws {
        let (socket, admin) = (directory.file("relay.sock"), directory.file("admin.sock"))
        let relayd = ChildProcess(
            "relayd", ["--store", ":memory:", "--socket", socket, "--admin-socket", admin],
            output: "/dev/full")
        let wait = ChildProcess.run("relayctl", ["wait", "--admin-socket", admin])
        try #require(wait.code == 0, "\(wait.output)")
        #expect(Curl().status(unix: socket) == 200)
        let metrics = ChildProcess.run(
            "curl",
            [
                "-s", "--http2-prior-knowledge", "--unix-socket", admin,
                "http://localhost/metrics",
            ])
        #expect(metrics.output.contains("\nrelay_log_lines_total 0\n"))
        #expect(metrics.output.contains("\nrelay_log_lines_lost_total 2\n"), "\(metrics.output)")
        relayd.signal(SIGTERM)
        #expect(relayd.wait() == 0)
    }
}
