import Glibc
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("Snapshots whose process is killed", .serialized) struct SnapshotKillTests {
    @Test("Whatever is listed is whole, and a store is there whole or not at all.")
    func killed() throws {
        let sample = try SampleStore()
        let path = sample.directory.file("repository")
        let store = try Store.open(at: sample.store)
        let options = SnapshotOptions(program: "tests")
        let folder = sample.directory.file("folder")
        _ = try SnapshotCopy.take(store, to: folder, options)
        let repository = try Repository(creating: path)
        var random = SystemRandomNumberGenerator()
        for round in 0..<variable("RELAY_KILLS", default: 24) {
            // Something new to store each time, and something to take away.
            try store.write { (transaction) throws(StoreError) in
                _ = try transaction.recordChange(account: 1, kind: 0, time: Int64(round))
                for id in 1...20 {
                    let key = DocumentKey(account: 1, resource: 40, id: UInt64(id))
                    let json = Array("{\"round\":\(round),\"id\":\(id)}".utf8)
                    try transaction.setCounter(
                        account: 1, resource: 40, to: ResourceCounter(lastID: 20))
                    try transaction.putDocument(
                        key, json: json.span.bytes, version: transaction.sequence)
                }
            }
            if round % 6 == 5 { _ = try repository.take(store, options) }
            let target = sample.directory.file("target-\(round)")
            let arguments = [
                ["create", "--store", sample.store, "--into", path],
                ["create", "--store", sample.store, "--to", target],
                ["prune", path, "--keep-last", "2"],
                ["restore", "\(path):latest", "--to", target],
                ["restore", folder, "--to", target],
            ]
            let process = ChildProcess("relayctl", ["snapshot"] + arguments[round % 5])
            usleep(UInt32.random(in: 0...90_000, using: &random))
            process.signal(SIGKILL)
            process.wait()
            try check(target, isStore: round % 5 >= 3)
            for id in try repository.ids() {
                #expect(try repository.verify(id, .quick).findings == [], "round \(round)")
            }
        }
        // What was left behind is cleared away, and all that is listed is sound to the last record.
        _ = try repository.take(store, options)
        _ = try repository.prune(RetentionPolicy(last: 3))
        #expect(try repository.verifyAll(.quick).findings == [])
        #expect(try repository.verify(repository.id("latest"), .quick).isSound)
        for directory in [repository.path, repository.packs, repository.snapshots] {
            let left = try Disk.names(in: directory)!.filter { $0.contains("part-") }
            #expect(left == [])
        }
    }

    @Test("What a killed one leaves is removed by the next in its place, a living one's is not.")
    func leftovers() throws {
        let sample = try SampleStore()
        let target = sample.directory.file("target")
        // So slow that it is at work until it is killed.
        let create = ["snapshot", "create", "--store", sample.store, "--to", target]
        let slow = create + ["--rate-limit", "1K"]
        func partial() -> [String] {
            TemporaryDirectory.names(in: sample.directory.path)
                .filter { $0.hasPrefix("target.partial-") }
        }
        let killed = ChildProcess("relayctl", slow)
        for _ in 0..<2_000 where partial().count < 1 { usleep(5_000) }
        let left = partial()
        #expect(left.count == 1)
        killed.signal(SIGKILL)
        killed.wait()
        #expect(try partial() == left && !Disk.exists(target))
        let living = ChildProcess("relayctl", slow)
        for _ in 0..<2_000 where partial() == left || partial() == [] { usleep(5_000) }
        let now = partial()
        #expect(now.count == 1 && now != left)
        let next = ChildProcess.run("relayctl", create)
        #expect(next.code == 0, "\(next.output)")
        #expect(partial() == now)
        #expect(try SnapshotFolder(target).verify(.quick).findings == [])
        living.signal(SIGKILL)
        living.wait()
        TemporaryDirectory.remove(target)
        #expect(ChildProcess.run("relayctl", create).code == 0)
        #expect(partial() == [])
    }

    @Test(
        "One that is killed leaves no room for two, and the next takes its place; a living one's stays.",
        .enabled(if: SmallDisk.isPossible, "this process may not mount"))
    func smallDisk() throws {
        let directory = TemporaryDirectory()
        let (store, folder) = (directory.file("store"), directory.file("folder"))
        let repository = directory.file("repository")
        for words in [
            ["sample", "--store", store, "--orders", "20000"],
            ["snapshot", "create", "--store", store, "--to", folder],
            ["snapshot", "create", "--store", store, "--into", repository],
        ] {
            #expect(ChildProcess.run("relayctl", words).code == 0)
        }
        // Room for one and a half beside what a restore leaves free.
        let bytes = try Disk.size(of: folder + "/data.mdb")
        let disk = try SmallDisk(
            in: directory, mebibytes: (bytes * 3 / 2 + RelaySnapshots.Limits.spareBytes) >> 20)
        mkdir(disk.file("there"), 0o700)
        for (source, target) in [
            (folder, disk.file("new")), (repository + ":latest", disk.file("there")),
        ] {
            let words = ["snapshot", "restore", source, "--to", target]
            let isInside = target.hasSuffix("there")
            func partial() -> String? {
                TemporaryDirectory.names(in: isInside ? target : disk.path)
                    .first { $0.contains(".partial-") }
                    .map { "\(isInside ? target : disk.path)/\($0)" }
            }
            /// Begins a restore, and has it stand still when most of the store is written.
            func begin() throws -> ChildProcess {
                let process = ChildProcess("relayctl", words)
                var written = 0
                for _ in 0..<100_000 where written < bytes * 3 / 4 {
                    var status = stat()
                    let isThere = partial().map { stat($0 + "/data.mdb", &status) == 0 }
                    written = isThere == true ? Int(status.st_blocks) * 512 : 0
                    usleep(200)
                }
                process.pause()
                try #require(written >= bytes * 3 / 4 && partial() != nil)
                return process
            }
            let living = try begin()
            let second = ChildProcess.run("relayctl", words)
            #expect(second.code == 1 && second.output.contains("make room"), "\(second.output)")
            #expect(partial() != nil)
            living.signal(SIGKILL)
            living.wait()
            let third = ChildProcess.run("relayctl", words)
            #expect(third.code == 0, "\(third.output)")
            #expect(partial() == nil && access(target + "/data.mdb", F_OK) == 0)
            TemporaryDirectory.remove(target)
        }
    }

    @Test("A process that may open few files says so, and has no need of one for each pack.")
    func descriptors() throws {
        let sample = try SampleStore()
        let (target, path) = (sample.directory.file("target"), sample.directory.file("repository"))
        func limited(_ files: Int, _ arguments: String) -> (code: Int32, output: String) {
            let program = ChildProcess.products + "/relayctl"
            return ChildProcess.run(
                "/bin/sh", ["-c", "ulimit -n \(files); exec \(program) snapshot \(arguments)"])
        }
        // Somewhere among these the store is open, and the directory to build in cannot be.
        for files in 6...12 {
            let made = limited(files, "create --store \(sample.store) --to \(target)")
            #expect(try made.code == (Disk.exists(target) ? 0 : 1), "\(files): \(made.output)")
            if try Disk.exists(target) { TemporaryDirectory.remove(target) }
            let left = try Disk.names(in: sample.directory.path)!
            #expect(left.filter { $0.hasPrefix("target") } == [], "\(files)")
        }
        let repository = try Repository(creating: path)
        do {
            let store = try Store.open(at: sample.store)
            for round in 0..<40 {
                try store.write { (transaction) throws(StoreError) in
                    _ = try transaction.recordChange(account: 1, kind: 0, time: Int64(round))
                }
                _ = try repository.take(store, SnapshotOptions(program: "tests"))
            }
        }
        #expect(try repository.packNames().count == 40)
        for arguments in [
            "create --store \(sample.store) --into \(path)", "verify \(path):latest",
            "verify \(path) --quick", "restore \(path):latest --to \(target)",
            "prune \(path) --keep-last 3",
        ] {
            let run = limited(24, arguments)
            #expect(run.code == 0, "\(arguments): \(run.output)")
        }
    }

    /// What stands under its final name is whole.
    private func check(_ target: String, isStore: Bool) throws {
        defer { TemporaryDirectory.remove(target) }
        guard try Disk.exists(target) else { return }
        if isStore {
            let store = try Store.open(at: target)
            #expect(try store.check().faults == [])
        } else {
            #expect(try SnapshotFolder(target).verify(.quick).findings == [])
        }
    }
}
