import Glibc
import RelayClient
import RelayContract
import TestSupport
import Testing

/// What drills.md tells an operator to type, typed: each `relayctl` line of its sections, in order.
@Suite("The drills")
final class DrillTests {
    private static let page = readText(
        "/" + "\(#filePath)".split(separator: "/").dropLast(4).joined(separator: "/")
            + "/tools/docs/drills.md")

    private let directory = TemporaryDirectory()
    private let key: String
    /// What the words in capitals of the page stand for.
    private var places: [Substring: String]

    private var store: String { directory.file("store") }
    private var socket: String { directory.file("relay.sock") }

    init() throws {
        let store = directory.file("store")
        let made = ChildProcess.run("relayctl", ["sample", "--store", store, "--orders", "40"])
        try #require(made.code == 0, "\(made.output)")
        let created = ChildProcess.run(
            "relayctl", ["keys", "create", "--store", store, "--account", "1"])
        key = try Self.value("key", in: created.output)
        places = ["DIR": store, "REPO": directory.file("repository"), "NEW": directory.file("new")]
    }

    /// The `relayctl` lines under a heading, block by block, without what explains them.
    private static func blocks(_ title: String) -> [[Substring]] {
        var blocks: [[Substring]] = []
        var isThere = false
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## ") { isThere = line == "## " + title }
            guard isThere else { continue }
            if line == "```console" { blocks.append([]) }
            guard line.hasPrefix("$ relayctl ") else { continue }
            let end = line.firstRange(of: " #")?.lowerBound ?? line.endIndex
            blocks[blocks.count - 1].append(line[..<end].dropFirst(2))
        }
        return blocks.filter { !$0.isEmpty }
    }

    /// Types lines, with places for the words in capitals; all have to succeed.
    ///
    /// - Returns: what they print, together.
    @discardableResult
    private func type(_ lines: [Substring]) throws -> String {
        var outputs = ""
        for line in lines {
            var text = ""
            var rest = line
            while !rest.isEmpty {
                let word = rest.prefix { $0.isLetter || $0.isNumber }
                text += places[word] ?? String(word)
                rest = rest.dropFirst(word.count)
                if let other = rest.popFirst() { text.append(other) }
            }
            let run = ChildProcess.run(
                "sh",
                [
                    "-c",
                    "cd '\(directory.path)' && PATH='\(ChildProcess.products)':$PATH && \(text)",
                ])
            try #require(run.code == 0, "\(line): \(run.code) \(run.output)")
            outputs += run.output
        }
        return outputs
    }

    /// The value of a line `name   value`.
    private static func value(_ name: String, in output: String) throws -> String {
        let line = output.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return String(try #require(line?.split(separator: " ").last, "no \(name): \(output)"))
    }

    /// A relayd as the page starts it: its admin socket is in the store.
    private func serve(_ store: String) throws -> ChildProcess {
        let relayd = ChildProcess(
            "relayd", ["--store", store, "--socket", socket], output: directory.file("log"))
        let wait = ChildProcess.run("relayctl", ["wait", "--store", store])
        try #require(wait.code == 0, "\(wait.output) \(readText(directory.file("log")))")
        return relayd
    }

    private func end(_ relayd: ChildProcess) {
        relayd.signal(SIGTERM)
        #expect(relayd.wait() == 0)
    }

    private func create(_ title: String) throws -> UInt64 {
        let relay = try RelayClient(unix: socket, key: key)
        return UInt64(try relay.createOrder(NewOrder(title: title)).value.id)
    }

    private func title(of order: UInt64) throws -> String {
        try RelayClient(unix: socket, key: key).getOrder(order).value.title
    }

    @Test("Backup and restore: the store comes back with what was written since the snapshot.")
    func backup() throws {
        let blocks = Self.blocks("Backup and restore")
        try #require(blocks.count == 2)
        let relayd = try serve(store)
        try type(blocks[0])
        let later = try create("behind the snapshot")
        end(relayd)
        let drill = try serve(store + ".drill")
        #expect(throws: (any Error).self) { try title(of: later) }
        end(drill)
        let changes = try type([blocks[1][0]])
        places["SEQ"] = try Self.value("newest", in: changes)
        try type(Array(blocks[1].dropFirst()))
        #expect(rename(store, store + ".old") == 0)
        #expect(rename(store + ".new", store) == 0)
        let restored = try serve(store)
        #expect(try title(of: later) == "behind the snapshot")
        end(restored)
    }

    @Test("The disk is broken: a damaged record comes back from the snapshot and the changes.")
    func broken() throws {
        try type(["relayctl snapshot create --store DIR --into REPO"])
        var relayd = try serve(store)
        let later = try create("behind the snapshot")
        end(relayd)
        try damage("Wasserhahn")
        let check = ChildProcess.run("relayctl", ["check", "--store", store])
        #expect(check.code == 3)
        #expect(check.output.contains("wrong checksum"), "\(check.output)")
        let lines = try #require(Self.blocks("The disk is broken").first)
        places["SEQ"] = try Self.value("newest", in: type([lines[0]]))
        let list = try type([lines[1]])
        places["ID"] = String(try #require(list.split(separator: " ").dropFirst().first))
        try type(Array(lines.dropFirst(2)))
        relayd = try serve(directory.file("new"))
        #expect(try title(of: later) == "behind the snapshot")
        end(relayd)
    }

    /// Flips a bit behind every place where the store's file has these words.
    private func damage(_ words: String) throws {
        let path = store + "/data.mdb"
        let script =
            "import sys; d = bytearray(open(sys.argv[1], 'rb').read()); w = sys.argv[2].encode(); i = d.find(w)\n"
            + "while i >= 0: d[i] ^= 1; i = d.find(w)\n" + "open(sys.argv[1], 'wb').write(d)"
        let run = ChildProcess.run("python3", ["-c", script, path, words])
        try #require(run.code == 0, "\(run.output)")
    }

    @Test("The disk is full: what looks for room, and a key in place of another.")
    func fullAndKeys() throws {
        let relayd = try serve(store)
        try type(["relayctl snapshot create --store DIR --into REPO"])
        for block in Self.blocks("The disk is full") { try type(block) }
        let lines = try #require(Self.blocks("Another key for a client").first)
        #expect(try title(of: 1).isEmpty == false)
        let list = try type(Array(lines.dropLast()))
        #expect(list.contains("billing 2027"))
        places["ID"] = "1"
        try type([try #require(lines.last)])
        #expect(throws: (any Error).self) { try title(of: 1) }
        end(relayd)
    }

    @Test("Upgrade, downgrade and another host: what was written since comes along.")
    func downgradeAndMove() throws {
        let blocks = Self.blocks("Upgrade and downgrade")
        try #require(blocks.count == 2)
        let relayd = try serve(store)
        try type(blocks[0])
        let later = try create("by the newer one")
        end(relayd)
        try type([blocks[1][0]])
        let list = try type([blocks[1][1]])
        places["ID"] = String(try #require(list.split(separator: " ").dropFirst().first))
        let output = try type(Array(blocks[1].dropFirst(2)))
        #expect(try Self.value("created", in: output) == "1")
        let older = try serve(store + ".new")
        #expect(try title(of: later) == "by the newer one")
        end(older)
        let moves = Self.blocks("Moving to another host")
        try #require(moves.count == 2)
        try type(moves[0] + [moves[1][0]])
        // The other host has no store yet.
        #expect(rename(store, store + ".left") == 0)
        try type(Array(moves[1].dropFirst()))
        let moved = try serve(store)
        #expect(try title(of: later) == "by the newer one")
        end(moved)
    }
}
