import Glibc
import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("A snapshot that cannot be kept", .serialized) struct SnapshotFaultTests {
    private let directory = TemporaryDirectory()
    private var path: String { directory.file("repository") }
    private var target: String { directory.file("target") }

    /// Runs a verb of `relayctl snapshot`.
    private func snapshot(
        _ words: [String], environment: [String] = []
    ) -> (code: Int32, output: String) {
        let output = directory.file("output")
        let child = ChildProcess(
            "relayctl", ["snapshot"] + words, output: output, environment: environment)
        return (child.wait(), readText(output))
    }

    private func sample(orders: Int = 200) -> String {
        let store = directory.file("store")
        let made = ChildProcess.run(
            "relayctl", ["sample", "--store", store, "--orders", "\(orders)"])
        #expect(made.code == 0, "\(made.output)")
        return store
    }

    /// Flips a bit in the title of an order, in the document and not only in a copy of it.
    private func damage(_ store: String) throws {
        let file = store + "/data.mdb"
        let bytes = try Disk.contents(of: file, upTo: 1 << 30)!
        let title = Array("\"title\":\"".utf8)
        var places: [Int] = []
        var index = 0
        while index + title.count < bytes.count {
            if bytes[index] == title[0], bytes[index..<index + title.count].elementsEqual(title) {
                places.append(index + title.count + 2)
            }
            index += 1
        }
        // All of them: some are of free pages, which nobody looks at.
        for place in places {
            let descriptor = open(file, O_WRONLY | O_CLOEXEC)
            var byte = bytes[place] ^ 1
            #expect(pwrite(descriptor, &byte, 1, off_t(place)) == 1)
            close(descriptor)
        }
        #expect(!places.isEmpty)
    }

    @Test("because a title in the store has a wrong bit is not made, in any form.")
    func flippedBit() throws {
        let store = sample()
        let create = ["create", "--store", store]
        #expect(snapshot(create + ["--into", path, "--init"]).code == 0)
        let repository = try Repository(path)
        let before = try repository.ids()
        #expect(snapshot(["verify", path]).code == 0)
        try damage(store)
        for form in [["--into", path], ["--to", target], ["--to", target, "--compact"]] {
            let run = snapshot(create + form)
            #expect(run.code == 3, "\(form): \(run.output)")
            #expect(run.output.contains("wrong checksum"), "\(form): \(run.output)")
            #expect(run.output.contains("no snapshot of it was made"), "\(form): \(run.output)")
        }
        let streamed = ChildProcess.run(
            "sh",
            [
                "-c", "exec 3>&1; \"$@\" 2>&3 >\(directory.file("data.mdb"))", "sh",
                ChildProcess.path(of: "relayctl"), "snapshot",
            ] + create + ["--stdout"])
        #expect(streamed.code == 3 && !streamed.output.contains("blake2b"), "\(streamed.output)")
        #expect(try repository.ids() == before && !Disk.exists(target))
        #expect(try Disk.names(in: directory.path)!.allSatisfy { !$0.contains("partial") })
    }

    @Test("because of such a bit is a failure of relayd's schedule too, which goes on serving.")
    func schedule() throws {
        let store = sample()
        #expect(snapshot(["init", path]).code == 0)
        try damage(store)
        let relayd = try Relayd(
            store: store, in: directory,
            arguments: ["--snapshot-every", "1s", "--snapshot-to", path])
        #expect(relayd.logs("snapshot failed: the store is damaged"))
        #expect(try Repository(path).ids() == [])
        #expect(relayd.stop() == 0)
    }

    @Test(
        "because a sync of a repository fails is not said to be done, and not listed.",
        arguments: [
            ("fdatasync", "pack.part-"), ("fsync", "pack.part-"), ("fsync", "/packs/"),
            ("fsync", ".map.part-"), ("fsync", "/maps/"), ("fsync", ".json.part-"),
            ("fsync", "/snapshots/"),
        ])
    func intoRepository(call: String, place: String) throws {
        let store = sample()
        let create = ["create", "--store", store, "--into", path]
        #expect(snapshot(["init", path]).code == 0)
        let disk = FaultyDisk(in: directory, of: place)
        disk.fail(call == "fsync" ? .fsync : .fdatasync, with: EIO)
        let run = snapshot(create, environment: disk.environment)
        #expect(disk.seen > 0, "\(call) of \(place) is not called")
        #expect(run.code == 1, "\(call) \(place): \(run.output)")
        #expect(run.output.contains("cannot \(call)"), "\(call) \(place): \(run.output)")
        let repository = try Repository(path)
        #expect(try repository.ids() == [], "\(call) \(place)")
        #expect(snapshot(create).code == 0)
        #expect(try repository.verifyAll(.full).findings == [])
    }

    @Test("because the repository's own name is not on the disk is no repository.")
    func newRepository() throws {
        for place in [directory.path + "/", "/repository/", "repository.part-"] {
            let disk = FaultyDisk(in: directory, of: place)
            disk.fail(.fsync, with: EIO)
            let run = snapshot(["init", path], environment: disk.environment)
            #expect(disk.seen > 0 && run.code == 1, "\(place): \(run.output)")
            #expect(try !Disk.exists(path + "/repository"), "\(place)")
        }
        #expect(snapshot(["init", path]).code == 0)
    }

    @Test("because a sync fails leaves no directory of its name, nor a store that was restored.")
    func folderAndStore() throws {
        let store = sample()
        let folder = directory.file("folder")
        #expect(snapshot(["create", "--store", store, "--to", folder]).code == 0)
        let create = ["create", "--store", store, "--to", target]
        let restore = ["restore", folder, "--to", target]
        for (command, place) in [
            (create, "data.mdb.part"), (create, "manifest.json.part-"), (create, "partial-"),
            (create, directory.path + "/"), (restore, "/data.mdb"),
            (restore, directory.path + "/"),
        ] {
            for existing in [false, true] {
                if existing { mkdir(target, 0o700) }
                let isParent = place == directory.path + "/"
                let place = existing && isParent ? "/target/" : place
                let disk = FaultyDisk(in: directory, of: place)
                disk.fail(.fsync, with: EIO)
                let run = snapshot(command, environment: disk.environment)
                #expect(disk.seen > 0, "fsync of \(place) is not called")
                #expect(run.code == 1, "\(command) \(place): \(run.output)")
                #expect(try Disk.names(in: target) == (existing ? [] : nil), "\(command) \(place)")
                rmdir(target)
            }
        }
    }
}
