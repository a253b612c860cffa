import CivilTime
import Glibc
import HTTP2
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("relayd looks after its snapshots:", .serialized) struct SnapshotScheduleTests {
    private let sample: SampleStore
    private let path: String

    init() throws {
        sample = try SampleStore()
        path = sample.directory.file("repository")
        _ = try Repository(creating: path)
    }

    private func serve(_ arguments: [String]) throws -> Relayd {
        try Relayd(
            store: sample.store, in: sample.directory,
            arguments: ["--snapshot-to", path, "--snapshot-every"] + arguments)
    }

    private func stat(_ relayd: Relayd) throws -> String {
        let admin = try ClientConnection(unix: relayd.adminSocket)
        let answer = try admin.perform(ClientRequest("GET", "/admin/stat"))
        return String(decoding: answer.body, as: UTF8.self)
    }

    /// What relayd says of its snapshots, once that contains a text, or at last.
    private func stat(_ relayd: Relayd, with text: String) throws -> String {
        var figures = try stat(relayd)
        for _ in 0..<3_000 where !figures.contains(text) {
            usleep(10_000)
            figures = try stat(relayd)
        }
        return figures
    }

    @Test("behind each good one it removes those that no rule keeps.")
    func retention() throws {
        let relayd = try serve(["1s", "--snapshot-keep-last", "2"])
        let figures = try stat(relayd, with: "\"removed\":2")
        #expect(figures.contains("\"removed\":2"), "\(figures)")
        #expect((try Scrape(relayd)["relay_snapshots_removed_total"] ?? 0) >= 2)
        #expect(relayd.logs("prune of \(path): 1 removed, which no rule keeps, 2 kept"))
        #expect(relayd.stop() == 0)
        let repository = try Repository(path)
        // One more may have been taken, and not yet been the reason to remove another.
        let kept = try repository.ids()
        #expect([2, 3].contains(kept.count), "\(kept)")
        #expect(try repository.verifyAll(.full).findings == [])
    }

    @Test("it keeps the newest of each day, week and month.")
    func days() throws {
        let clock = try ShiftedClock(in: sample.directory)
        for day in [-100, -50, -8, -1, 0] {
            clock.milliseconds = day * 86_400_000
            let child = ChildProcess(
                "relayctl", ["snapshot", "create", "--store", sample.store, "--into", path],
                environment: clock.environment)
            #expect(child.wait() == 0)
        }
        let ids = try Repository(path).ids()
        for (rule, kept) in [
            ("--snapshot-keep-monthly", 3), ("--snapshot-keep-weekly", 2),
            ("--snapshot-keep-daily", 1),
        ] {
            let relayd = try serve(["1s", rule, "\(kept)"])
            let figures = try stat(relayd, with: "\"taken\":2")
            #expect(figures.contains("\"taken\":2"), "\(figures)")
            #expect(relayd.stop() == 0)
            let left = try Repository(path).ids()
            // Whatever the rule keeps, and one that was just taken.
            #expect((kept...kept + 1).contains(left.count), "\(rule): \(left) of \(ids)")
        }
    }

    @Test("it verifies them all at intervals, and is ready whatever that finds.")
    func verification() throws {
        let relayd = try serve(["1h", "--snapshot-verify", "1s"])
        let sound = try stat(relayd, with: "\"verification\":{\"done\":1,")
        #expect(sound.contains("\"verification\":{\"done\":1,\"failed\":0,\"at\":"), "\(sound)")
        #expect(relayd.logs("snapshots of \(path) verified: everything is right"))
        let record = try Repository(path).verification(try #require(Repository(path).ids().last))
        #expect(record.fullAt != nil)
        let packs = path + "/packs"
        let pack = packs + "/" + (try #require(Disk.names(in: packs)?.first))
        let descriptor = open(pack, O_RDWR)
        var byte: UInt8 = 0
        #expect(pread(descriptor, &byte, 1, 5_000) == 1)
        byte ^= 1
        #expect(pwrite(descriptor, &byte, 1, 5_000) == 1)
        close(descriptor)
        let damaged = try stat(relayd, with: "\"failed\":1,\"at\"")
        #expect(damaged.contains("\"failed\":1,\"at\":"), "\(damaged)")
        #expect(
            relayd.logs("verification of the snapshots of \(path) failed:"),
            "\(relayd.output)")
        let scrape = try Scrape(relayd)
        #expect((scrape["relay_snapshot_verification_failures_total"] ?? 0) >= 1)
        let ready = try ClientConnection(unix: relayd.adminSocket)
            .perform(ClientRequest("GET", "/readyz"))
        #expect(ready.status == 200)
        #expect(relayd.stop() == 0)
    }

    @Test("a restart does not repeat a verification: the interval counts from the last.")
    func restart() throws {
        var relayd = try serve(["1h", "--snapshot-verify", "1h"])
        #expect(try stat(relayd, with: "{\"done\":1,").contains("{\"done\":1,"))
        #expect(relayd.stop() == 0)
        let record = try Repository(path).verification(try #require(Repository(path).ids().last))
        let due = Timestamp(milliseconds: try #require(record.fullAt).milliseconds + 3_600_000)
        relayd = try serve(["1h", "--snapshot-verify", "1h"])
        let figures = try stat(relayd, with: "\"nextAt\":\"\(due)\"}")
        #expect(figures.contains("\"nextAt\":\"\(due)\"}"), "\(figures)")
        #expect(figures.contains("\"verification\":{\"done\":0,"), "\(figures)")
        #expect(relayd.stop() == 0)
    }
}
