import Glibc
import TestSupport
import Testing

/// What comes back of damaged snapshots is compared with what was in the store, record by record.
@Suite("A salvage", .serialized) struct SnapshotSalvageTests {
    private typealias Name = SalvageFixture.Name

    /// Kinds of pages, by the flags in their headers.
    private enum PageKind: UInt16 {
        case branch = 1
        case leaf = 2
        case large = 4
    }

    /// Pages of a data file that say they are of a kind.
    private static func pages(_ kind: PageKind, of bytes: [UInt8]) -> [Int] {
        (2..<bytes.count / 4096).filter { page in
            let start = page * 4096
            let number = (0..<8).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
            let flags = UInt16(bytes[start + 10]) | UInt16(bytes[start + 11]) << 8
            return number == page && flags == kind.rawValue
        }
    }

    private func write(_ bytes: [UInt8], at offset: Int, of path: String) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        #expect(pwrite(file, bytes, bytes.count, off_t(offset)) == bytes.count)
        close(file)
    }

    private func packs(_ repository: String) -> [String] {
        TemporaryDirectory.names(in: repository + "/packs").filter { $0.hasSuffix(".pack") }
            .map { "\(repository)/packs/\($0)" }.sorted()
    }

    @Test("of an undamaged snapshot is a restore, with versions and the change log.")
    func undamaged() throws {
        let fixture = try SalvageFixture(orders: 100)
        let repository = fixture.repository
        #expect(
            fixture.snapshot(["create", "--store", fixture.store, "--into", repository]).code == 0)
        let result = try fixture.salvage(repository + ":latest")
        #expect(result.code == 0 && !result.isAnyMissing, "\(result.output)")
        #expect(result.restored.count == fixture.oracle.count)
        let changes = ChildProcess.run(
            "relayctl", ["changes", "--store", fixture.directory.file("salvaged")])
        #expect(changes.code == 0 && changes.output.contains("order"), "\(changes.output)")
    }

    @Test(
        "of a repository with wrong bits in a pack brings back what is right, and names the rest.")
    func flippedBits() throws {
        let fixture = try SalvageFixture()
        let repository = fixture.repository
        #expect(
            fixture.snapshot(["create", "--store", fixture.store, "--into", repository]).code == 0)
        let pack = try #require(packs(repository).first)
        let bytes = readBytes(pack)
        var random = SplitMix(state: 7)
        var isAnyMissing = false
        for flips in [1, 3, 10] {
            for _ in 0..<flips {
                // Not the index at the end: without it nothing of the pack can be had.
                let place = Int.random(in: 16..<bytes.count * 9 / 10, using: &random)
                write([bytes[place] ^ 4], at: place, of: pack)
            }
            let result = try fixture.salvage(repository + ":latest", "\(flips) bits")
            #expect(!result.restored.isEmpty, "\(flips) bits: \(result.output)")
            isAnyMissing = isAnyMissing || result.isAnyMissing
            write(bytes, at: 0, of: pack)
        }
        #expect(isAnyMissing)
        // The index itself: nothing comes back, and everything is said to be missing.
        write([bytes[bytes.count - 60] ^ 4], at: bytes.count - 60, of: pack)
        let result = try fixture.salvage(repository + ":latest", "index")
        #expect(result.code == 3 && result.restored.isEmpty, "\(result.output)")
    }

    @Test("of a repository without one of its packs brings back what the others have.")
    func lostPacks() throws {
        var fixture = try SalvageFixture()
        let repository = fixture.repository
        let create = ["create", "--store", fixture.store, "--into", repository]
        #expect(fixture.snapshot(create).code == 0)
        let first = packs(repository)
        // As much again, under other ids: a second pack.
        let dump = fixture.directory.file("more")
        let more = fixture.directory.file("more-store")
        for words in [
            ["sample", "--store", more, "--orders", "1500", "--seed", "5"],
            ["dump", "--store", more, "--to", dump],
        ] {
            #expect(ChildProcess.run("relayctl", words).code == 0)
        }
        let moved = ChildProcess.run(
            "sed",
            ["-i", #"s/^{"account":1,/{"account":9,/; s/"accountId":1\b/"accountId":9/g"#, dump])
        #expect(moved.code == 0)
        #expect(ChildProcess.run("relayctl", ["load", "--store", fixture.store, dump]).code == 0)
        try fixture.look()
        #expect(fixture.snapshot(create).code == 0)
        let all = packs(repository)
        #expect(all.count > first.count)
        for pack in all {
            #expect(rename(pack, pack + ".away") == 0)
            let result = try fixture.salvage(repository + ":latest", pack)
            #expect(result.code == 3 && result.isAnyMissing, "\(pack): \(result.output)")
            #expect(rename(pack + ".away", pack) == 0)
        }
    }

    @Test("of a snapshot's data.mdb with damaged pages of each kind tells what is missing.")
    func damagedPages() throws {
        let fixture = try SalvageFixture(orders: 1_500)
        let folder = fixture.directory.file("folder")
        #expect(
            fixture.snapshot(["create", "--store", fixture.store, "--to", folder]).code == 0)
        let data = folder + "/data.mdb"
        let bytes = readBytes(data)
        var random = SplitMix(state: 11)
        for kind in [PageKind.branch, .leaf, .large] {
            let pages = Self.pages(kind, of: bytes)
            #expect(!pages.isEmpty)
            for round in 0..<3 {
                for _ in 0..<3 {
                    let page = pages.randomElement(using: &random)!
                    switch round {
                    case 0: write([UInt8](repeating: 0, count: 4096), at: page * 4096, of: data)
                    case 1: write([UInt8](repeating: 0xA5, count: 4096), at: page * 4096, of: data)
                    default:
                        let place = page * 4096 + Int.random(in: 0..<4096, using: &random)
                        write([bytes[place] ^ 16], at: place, of: data)
                    }
                }
                let result = try fixture.salvage(folder, "\(kind), round \(round)")
                #expect(!result.restored.isEmpty, "\(kind), round \(round): \(result.output)")
                write(bytes, at: 0, of: data)
            }
        }
        // What begins the file, and what it lost at its end.
        write([UInt8](repeating: 0, count: 8192), at: 0, of: data)
        let headless = try fixture.salvage(folder, "meta pages")
        #expect(headless.code == 3 && !headless.restored.isEmpty, "\(headless.output)")
        write(bytes, at: 0, of: data)
        #expect(truncate(data, off_t(bytes.count / 2)) == 0)
        let half = try fixture.salvage(folder, "half of the file")
        #expect(half.code == 3 && half.isAnyMissing, "\(half.output)")
    }

    @Test(
        "names the chunks that an attachment's file lacks, and keeps what refers to what is lost.")
    func lostReferences() throws {
        let fixture = try SalvageFixture(orders: 300)
        let folder = fixture.directory.file("folder")
        #expect(
            fixture.snapshot(["create", "--store", fixture.store, "--to", folder]).code == 0)
        let data = folder + "/data.mdb"
        let bytes = readBytes(data)
        // A chunk of the fourth file: the bytes that its pages begin with. And the first customer.
        let chunk = SalvageFixture.file(3, 65_512..<65_576)
        let customer = Array(#"{"id":1,"accountId":1,"internalId":"#.utf8)
        for text in [chunk, customer] {
            let places = Self.places(of: text, in: bytes)
            try #require(!places.isEmpty)
            // All of them: one may be on a part of a page that nobody looks at.
            for place in places { write([bytes[place + 20] ^ 1], at: place + 20, of: data) }
        }
        let file = fixture.directory.file("unplaced.jsonl")
        let result = try fixture.salvage(folder, options: ["--salvage", "--unplaced", file])
        #expect(result.code == 3, "\(result.output)")
        let attachment = Name(account: 1, resource: "attachment", id: 4)
        let owner = Name(account: 1, resource: "customer", id: 1)
        #expect(result.missing.isSuperset(of: [attachment, owner]), "\(result.missing)")
        #expect(result.chunks[attachment] == "1", "\(result.chunks)")
        #expect(!result.unplaced.isEmpty)
        #expect(readText(file).split(separator: "\n").count == result.unplaced.count)
        // Once what they refer to is back, they can be loaded.
        let dump = fixture.directory.file("dump")
        let line = #"{"account":1,"resource":"customer","id":1,"#
        #expect(
            ChildProcess.run(
                "sh",
                [
                    "-ec",
                    "relayctl() { \(ChildProcess.path(of: "relayctl")) \"$@\"; }; "
                        + "relayctl dump --store \(fixture.store) --to \(dump); "
                        + "grep -F '\(line)' \(dump) >\(dump).one; "
                        + "cat \(dump).one \(file) >\(dump).rest; "
                        + "relayctl load --store \(fixture.directory.file("salvaged")) \(dump).rest",
                ]
            ).code == 0)
        let target = fixture.directory.file("salvaged")
        let after = try SalvageFixture.records(of: target, in: fixture.directory)
        #expect(
            Set(fixture.oracle.keys).subtracting(after.keys)
                == result.missing.subtracting([owner]))
    }

    private static func places(of text: [UInt8], in bytes: [UInt8]) -> [Int] {
        // SAFETY: the array's own bytes, and none behind them.
        bytes.withUnsafeBytes { bytes in
            var places: [Int] = []
            var place = 0
            while let found = memchr(
                bytes.baseAddress! + place, Int32(text[0]), bytes.count - place)
            {
                place = UnsafeRawPointer(found) - bytes.baseAddress!
                guard place + text.count <= bytes.count else { break }
                if memcmp(found, text, text.count) == 0 { places.append(place) }
                place += 1
            }
            return places
        }
    }

    @Test("takes API keys over where all of them are sure, and gives no id out again that was.")
    func keysAndIDs() throws {
        let fixture = try SalvageFixture(orders: 800)
        let repository = fixture.repository
        #expect(
            fixture.snapshot(["create", "--store", fixture.store, "--into", repository]).code == 0)
        let pack = try #require(packs(repository).first)
        let bytes = readBytes(pack)
        let target = fixture.directory.file("salvaged")
        var seen: Set<Bool> = []
        for part in 1..<8 {
            let place = bytes.count * part / 9
            write([bytes[place] ^ 1], at: place, of: pack)
            let result = try fixture.salvage(repository + ":latest", "part \(part)")
            let hasAll = result.output.contains("\"allKeys\":true")
            seen.insert(hasAll)
            #expect(result.keys == (hasAll ? 1 : 0), "\(part): \(result.output.suffix(2_000))")
            let keys = ChildProcess.run(
                "relayctl", ["keys", "list", "--store", target, "--account", "1", "--json"])
            #expect(keys.output.contains("\"id\":1") == hasAll, "\(keys.output)")
            if result.output.contains("\"allCounters\":true") {
                // The last order was deleted.
                let dump = ChildProcess.run("relayctl", ["dump", "--store", target])
                #expect(dump.output.contains(#""account":1,"resource":"order","lastId":802"#))
            }
            write(bytes, at: 0, of: pack)
        }
        #expect(seen.contains(true))
    }

    @Test("of a snapshot whose page map or manifest is damaged is refused.")
    func noMap() throws {
        let fixture = try SalvageFixture(orders: 50)
        let repository = fixture.repository
        for place in ["maps", "snapshots"] {
            TemporaryDirectory.remove(repository)
            let create = [
                "create", "--store", fixture.store, "--into", repository, "--init",
            ]
            #expect(fixture.snapshot(create).code == 0)
            let name = try #require(
                TemporaryDirectory.names(in: "\(repository)/\(place)").first {
                    $0.contains(".") && !$0.hasPrefix(".")
                })
            let path = "\(repository)/\(place)/\(name)"
            write([readBytes(path)[50] ^ 1], at: 50, of: path)
            let id = try #require(
                TemporaryDirectory.names(in: repository + "/snapshots").first {
                    $0.hasSuffix(".json")
                })
            let result = try fixture.salvage("\(repository):\(id.dropLast(5))")
            #expect(result.code == 3 && result.restored.isEmpty, "\(result.output)")
            #expect(result.output.contains("is not what was written"), "\(result.output)")
        }
    }
}
