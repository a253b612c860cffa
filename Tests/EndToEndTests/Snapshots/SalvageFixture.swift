import Glibc
import JSON
import RelayClient
import RelayContract
import TestSupport
import Testing

/// A store of all kinds of records, what is in it, and what a salvage of a snapshot of it has brought.
struct SalvageFixture {
    /// A record by account, kind and id.
    struct Name: Hashable, CustomStringConvertible {
        var account: Int64
        var resource: String
        var id: Int64
        var description: String { "\(resource) \(id) of account \(account)" }
    }

    let directory = TemporaryDirectory()
    var store: String { directory.file("store") }
    var repository: String { directory.file("repository") }
    /// The lines of a dump of the store, by record, as they were when it was taken.
    private(set) var oracle: [Name: String] = [:]

    /// A sample with files of some sizes, an order with long comments, and a key.
    init(orders: Int = 2_000) throws {
        let made = ChildProcess.run(
            "relayctl", ["sample", "--store", store, "--orders", "\(orders)", "--accounts", "2"])
        try #require(made.code == 0, "\(made.output)")
        let relayd = try Relayd(store: store, in: directory)
        let client = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        let order = try client.createOrder(NewOrder(title: "files and comments")).value.id
        for (number, count) in [10, 3_000, 70_000, 700_000, 400_000].enumerated() {
            let bytes = Self.file(number, 0..<count)
            _ = try client.createOrderComment(
                order, NewComment(text: "with a file", authorName: "a"),
                files: [RelayUpload(name: "f\(number).bin", bytes: bytes)])
        }
        // Longer than the order's own document takes: segments.
        for number in 0..<40 {
            let text = String(repeating: "\(number) und noch ein Wort. ", count: 180)
            _ = try client.createOrderComment(order, NewComment(text: text, authorName: "b"))
        }
        let gone = try client.createOrder(NewOrder(title: "gone")).value.id
        _ = try client.deleteOrder(gone)
        #expect(relayd.stop() == 0)
        try look()
    }

    /// Bytes of a file, none of which comes twice for long.
    static func file(_ number: Int, _ range: Range<Int>) -> [UInt8] {
        range.map { place in
            let seed = UInt64(number) << 40 | UInt64(place / 8)
            let word = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15
            return UInt8(truncatingIfNeeded: (word ^ word >> 29) >> UInt64(place % 8 * 8))
        }
    }

    /// Takes what is in the store for what has to come back.
    mutating func look() throws { oracle = try Self.records(of: store, in: directory) }

    /// Runs a verb of `relayctl snapshot`.
    func snapshot(_ words: [String]) -> (code: Int32, output: String) {
        let run = ChildProcess.run("relayctl", ["snapshot"] + words)
        return (run.code, run.output)
    }

    /// The lines of a store's dump, without their versions, by record.
    static func records(
        of store: String, in directory: TemporaryDirectory
    ) throws -> [Name: String] {
        let file = directory.file("dump")
        let run = ChildProcess.run("relayctl", ["dump", "--store", store, "--to", file])
        try #require(run.code == 0, "\(run.output)")
        var records: [Name: String] = [:]
        let parser = JSONParser()
        for line in readText(file).split(separator: "\n") {
            try parser.parse(Array(line.utf8)) { value in
                guard let account = value["account"]?.integer, let id = value["id"]?.integer,
                    let resource = value["resource"]?.string
                else { return }
                let name = Name(account: account, resource: String(resource), id: id)
                if value["chunk"] != nil {
                    records[name, default: ""] += line
                } else {
                    // What stands behind the version: private bytes and the document.
                    let words = line.split(separator: ",", maxSplits: 4)
                    #expect(words.count == 5 && words[3].hasPrefix("\"version\":"))
                    records[name, default: ""] += words[4]
                }
            }
        }
        return records
    }
}

/// What a salvage has said and made.
struct SalvageResult {
    var code: Int32 = 0
    var output = ""
    var missing: Set<SalvageFixture.Name> = []
    var unplaced: Set<SalvageFixture.Name> = []
    /// Records that are missing without a name, by account and kind.
    var unnamed: [SalvageFixture.Name: Int64] = [:]
    var chunks: [SalvageFixture.Name: String] = [:]
    var keys: Int64 = 0
    var restored: [SalvageFixture.Name: String] = [:]

    var isAnyMissing: Bool { !missing.isEmpty || !unplaced.isEmpty || !unnamed.isEmpty }
}

extension SalvageFixture {
    /// Salvages a snapshot and compares what came of it with what was there: what is not on the list is
    /// the same byte for byte, what is on the list is not there, and all is told.
    func salvage(
        _ id: String, _ comment: String = "", options: [String] = ["--salvage"]
    ) throws -> SalvageResult {
        let target = directory.file("salvaged")
        TemporaryDirectory.remove(target)
        let run = snapshot(["restore", id, "--to", target, "--json"] + options)
        var result = SalvageResult(code: run.code, output: run.output)
        guard let line = run.output.split(separator: "\n").last(where: { $0.hasPrefix("{") })
        else { return result }
        try JSONParser().parse(Array(line.utf8)) { value in
            for record in Self.elements(value["missing"]) {
                result.missing.insert(Self.name(record))
                if let chunks = record["chunks"]?.string {
                    result.chunks[Self.name(record)] = String(chunks)
                }
            }
            result.unplaced = Set(Self.elements(value["unplaced"]).map { Self.name($0) })
            for group in Self.elements(value["unnamed"]) {
                result.unnamed[Self.name(group)] = group["count"]?.integer ?? 0
            }
            result.keys = value["keys"]?.integer ?? 0
        }
        guard access(target + "/data.mdb", F_OK) == 0 else { return result }
        let check = ChildProcess.run("relayctl", ["check", "--store", target])
        #expect(check.code == 0, "\(comment): \(check.output)")
        result.restored = try Self.records(of: target, in: directory)
        compare(result, comment)
        return result
    }

    private static func elements(_ array: JSONValue?) -> [JSONValue] {
        array.map { Array($0.elements) } ?? []
    }

    private static func name(_ record: JSONValue) -> Name {
        Name(
            account: record["account"]?.integer ?? 0,
            resource: record["resource"]?.string.map { String($0) } ?? "",
            id: record["id"]?.integer ?? 0)
    }

    private func compare(_ result: SalvageResult, _ comment: String) {
        #expect(result.code == (result.isAnyMissing ? 3 : result.code), "\(comment)")
        for (name, line) in result.restored {
            #expect(oracle[name] == line, "\(comment): \(name) is not what it was")
        }
        for name in result.missing.union(result.unplaced) {
            #expect(oracle[name] != nil, "\(comment): there never was \(name)")
            #expect(result.restored[name] == nil, "\(comment): \(name) is there")
        }
        var untold: [Name: Int64] = [:]
        for name in oracle.keys
        where result.restored[name] == nil && !result.missing.contains(name)
            && !result.unplaced.contains(name)
        {
            untold[Name(account: name.account, resource: name.resource, id: 0), default: 0] += 1
        }
        #expect(untold == result.unnamed, "\(comment)")
    }
}
