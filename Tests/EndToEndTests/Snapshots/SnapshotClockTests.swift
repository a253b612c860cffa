import CivilTime
import Glibc
import HTTP2
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("A snapshot's time", .serialized) struct SnapshotClockTests {
    private let directory = TemporaryDirectory()
    private let store: String
    private let clock: ShiftedClock
    private var path: String { directory.file("repository") }

    init() throws {
        store = directory.file("store")
        clock = try ShiftedClock(in: directory)
        for words in [
            ["sample", "--store", store, "--orders", "20"],
            ["snapshot", "init", directory.file("repository")],
        ] {
            let run = ChildProcess.run("relayctl", words)
            try #require(run.code == 0, "\(run.output)")
        }
    }

    /// Takes a snapshot at a moment, in milliseconds since 1970.
    private func take(at time: Int64) throws {
        clock.milliseconds = Int(time - Timestamp.now.milliseconds)
        let child = ChildProcess(
            "relayctl", ["snapshot", "create", "--store", store, "--into", path],
            environment: clock.environment)
        #expect(child.wait() == 0)
        clock.milliseconds = 0
    }

    @Test("counts for the day that it has in the time zone that prune --timezone names.")
    func days() throws {
        let midnight = Timestamp.now.milliseconds / 86_400_000 * 86_400_000
        for minutes in [-90, -30, 30] {
            try take(at: midnight - 86_400_000 + Int64(minutes) * 60_000)
        }
        let prune = ["snapshot", "prune", path, "--keep-daily", "9", "--dry-run", "--json"]
        for (zone, removed) in [
            ("UTC", 1), ("Asia/Tokyo", 2), ("Atlantic/Cape_Verde", 2), ("Africa/Lagos", 1),
        ] {
            let run = ChildProcess.run("relayctl", prune + ["--timezone", zone])
            let ids = run.output.list(after: "\"removed\":[").filter { $0 == "Z" }.count
            #expect(run.code == 0 && ids == removed, "\(zone): \(run.output)")
        }
    }

    @Test("in the future is neither the latest for ever, nor does it put relayd's next one off.")
    func schedule() throws {
        try take(at: Timestamp.now.milliseconds + 365 * 86_400_000)
        let repository = try Repository(path)
        let arguments = ["--snapshot-every", "1h", "--snapshot-to", path]
        var relayd = try Relayd(store: store, in: directory, arguments: arguments)
        for _ in 0..<2_000 where try repository.names().count < 2 { usleep(5_000) }
        #expect(try repository.names().count == 2)
        #expect(relayd.stop() == 0)
        let last = try #require(repository.ordered().first { !$0.isAhead }?.manifest).createdAt
        // A second start counts from there.
        relayd = try Relayd(store: store, in: directory, arguments: arguments)
        let due = Timestamp(milliseconds: last.milliseconds + 3_600_000)
        var figures = ""
        for _ in 0..<2_000 where !figures.contains("\"nextAt\"") {
            let admin = try ClientConnection(unix: relayd.adminSocket)
            let answer = try admin.perform(ClientRequest("GET", "/admin/stat"))
            figures = String(decoding: answer.body, as: UTF8.self)
        }
        #expect(figures.contains("\"nextAt\":\"\(due)\""), "\(figures)")
        #expect(relayd.stop() == 0)
        let list = ChildProcess.run("relayctl", ["snapshot", "list", path])
        #expect(list.code == 0 && list.output.contains("the clock was ahead"), "\(list.output)")
    }
}

extension String {
    /// What follows a text, up to the end of the line.
    fileprivate func list(after text: String) -> Substring {
        guard let range = ranges(of: text).first else { return "" }
        return self[range.upperBound...].prefix { $0 != "]" }
    }
}
