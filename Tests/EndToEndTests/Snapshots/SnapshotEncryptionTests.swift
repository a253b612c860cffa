import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

@Suite("An encrypted repository, by the programs:", .serialized) struct SnapshotEncryptionTests {
    private let directory = TemporaryDirectory()
    private var store: String { directory.file("store") }
    private var path: String { directory.file("repository") }
    private var keyFile: String { directory.file("repository.key") }
    private var key: [String] { ["--key-file", keyFile] }

    private func snapshot(
        _ words: [String], code: Int32 = 0, environment: [String] = []
    ) -> String {
        let run = ChildProcess.run("relayctl", ["snapshot"] + words, environment: environment)
        #expect(run.code == code, "\(words): \(run.output)")
        return run.output
    }

    private func makeStore() {
        let made = ChildProcess.run("relayctl", ["sample", "--store", store, "--orders", "60"])
        #expect(made.code == 0, "\(made.output)")
    }

    /// Every verb that opens a repository, with what its answer has when it could.
    private var verbs: [(words: [String], answer: String)] {
        let latest = path + ":latest"
        return [
            (["create", "--store", store, "--into", path, "--json"], "\"addedPages\":"),
            (["list", path, "--json"], "\"sequence\":"),
            (["status", path, "--json"], "\"encrypted\":true"),
            (["verify", path, "--json"], "\"sound\":true"),
            (["verify", latest, "--quick", "--json"], "\"sound\":true"),
            (["show", latest, "orders/1"], "\"id\":1,"),
            (["diff", latest, store, "--json"], "{\"added\":0,\"changed\":0,\"removed\":0,"),
            (["restore", latest, "--to", directory.file("restored"), "--dry-run"], "restored"),
            (
                ["restore", latest, "--to", directory.file("salvaged"), "--salvage", "--json"],
                "\"restored\":true"
            ),
            (
                ["restore", latest, "--records", "orders/1", "--store", store, "--json"],
                "\"state\":\"unchanged\""
            ),
            (["prune", path, "--keep-last", "1", "--json"], "\"kept\":["),
            (
                [
                    "key", "change", path, "--new-key-file", directory.file("new.key"), "--json",
                ], "\"keyFile\":\"\(directory.file("new.key"))\""
            ),
        ]
    }

    @Test("every verb opens it with --key-file, or the variable, and says so without.")
    func everyVerb() throws {
        makeStore()
        let made = snapshot(["init", path, "--encrypt", "--json"] + key)
        #expect(made.contains("\"encrypted\":true,\"keyFile\":\"\(keyFile)\""), "\(made)")
        #expect(made.contains("without what stands in \(keyFile) nobody can read \(path) ever"))
        let wrong = directory.file("wrong.key")
        _ = snapshot(["init", directory.file("other"), "--encrypt", "--key-file", wrong])
        for (words, answer) in verbs {
            let none = snapshot(words, code: 1)
            #expect(none.contains("\(path) is encrypted by a key"), "\(words): \(none)")
            #expect(none.contains("relayctl --key-file FILE"), "\(words): \(none)")
            let other = snapshot(words + ["--key-file", wrong], code: 1)
            #expect(other.contains("\(wrong) does not open the repository \(path)"), "\(other)")
            let variable = "RELAY_SNAPSHOT_KEY_FILE="
            // What is typed wins, also over the variable of the other option.
            let passphrase = "RELAY_SNAPSHOT_PASSPHRASE_FILE=\(directory.file("none"))"
            let isOnce = words[0] == "key" || words.contains("--salvage")
            let run = snapshot(words + key, environment: [variable + wrong, passphrase])
            #expect(run.contains(answer), "\(words): \(run)")
            if isOnce { continue }
            let again = snapshot(words, environment: [variable + keyFile])
            #expect(again.contains(answer), "\(words): \(again)")
        }
        // The old key opens it no more.
        let old = snapshot(["list", path] + key, code: 1)
        #expect(old.contains("does not open the repository"), "\(old)")
        _ = snapshot(["verify", path, "--key-file", directory.file("new.key")])
    }

    @Test("what does not go together is refused, and nothing is made.")
    func refused() throws {
        makeStore()
        let none = snapshot(["init", path, "--encrypt"], code: 2)
        #expect(none.contains("--encrypt needs --key-file FILE or --passphrase-file FILE"))
        let both = snapshot(["init", path] + key + ["--passphrase-file", keyFile], code: 2)
        #expect(both.contains("exclude each other"), "\(both)")
        let create = ["create", "--store", store]
        let folder = snapshot(create + ["--to", path] + key, code: 2)
        #expect(folder.contains("need --into REPO"), "\(folder)")
        // A key that is not there is not made up by what only adds.
        let missing = snapshot(create + ["--into", path] + key, code: 1)
        #expect(missing.contains("there is no file \(keyFile)"), "\(missing)")
        #expect(access(path, F_OK) != 0 && access(keyFile, F_OK) != 0)
        _ = snapshot(["init", path])
        let plain = snapshot(["list", path, "--key-file", "/dev/null"], code: 1)
        #expect(plain.contains("\(path) is not encrypted, but a key was given"), "\(plain)")
        let change = ["key", "change", path, "--new-key-file", keyFile]
        #expect(snapshot(change, code: 1).contains("so it has no key"))
        #expect(snapshot(Array(change[..<3]), code: 2).contains("give --new-key-file FILE"))
        #expect(access(keyFile, F_OK) != 0)
    }

    @Test("a passphrase opens it as well, also from a pipe, and can take a key's place.")
    func passphrase() throws {
        makeStore()
        let file = directory.file("passphrase")
        try writeBytes(file, Array("correct horse battery staple\n".utf8))
        let phrase = ["--passphrase-file", file]
        _ = snapshot(["init", path, "--encrypt"] + phrase)
        _ = snapshot(["create", "--store", store, "--into", path] + phrase)
        let list = ["list", path, "--json"]
        let variable = "RELAY_SNAPSHOT_PASSPHRASE_FILE=\(file)"
        #expect(snapshot(list, environment: [variable]).contains("\"sequence\":"))
        let piped = ChildProcess.run(
            "bash",
            [
                "-c",
                "cat '\(file)' | '\(ChildProcess.path(of: "relayctl"))' snapshot list "
                    + "'\(path)' --json --passphrase-file /dev/stdin",
            ])
        #expect(piped.code == 0 && piped.output.contains("\"sequence\":"), "\(piped.output)")
        #expect(snapshot(list + ["--key-file", file], code: 1).contains("by a passphrase"))
        let next = directory.file("next")
        try writeBytes(next, Array("another horse altogether\n".utf8))
        _ = snapshot(["key", "change", path, "--new-passphrase-file", next] + phrase)
        #expect(snapshot(list + phrase, code: 1).contains("\(file) does not open"))
        _ = snapshot(list + ["--passphrase-file", next])
    }

    @Test("no file of it has a planted title, label, file or key, where those of a plain one do.")
    func planted() throws {
        let relayd = try Relayd(store: store, in: directory)
        let client = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        var random = SplitMix(state: 5)
        // It does not get smaller, so in a plain repository it stands as it is.
        let secret = (0..<400_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let order = try client.createOrder(NewOrder(title: "PlantedTitle")).value.id
        _ = try client.createOrderComment(
            order, NewComment(text: "t", authorName: "a"),
            files: [RelayUpload(name: "f.bin", bytes: secret)])
        let plain = directory.file("plain")
        _ = snapshot(["init", path, "--encrypt"] + key)
        let create = ["create", "--store", store, "--label", "PlantedLabel", "--into"]
        _ = snapshot(create + [plain])
        _ = snapshot(create + [path] + key)
        _ = snapshot(["verify", path] + key)
        #expect(relayd.stop() == 0)
        let needles = [
            Array("PlantedTitle".utf8), Array("PlantedLabel".utf8),
            Array(secret[200_000..<200_024]), Array(readText(keyFile).dropLast().utf8),
        ]
        func found(_ path: String) -> [Int] {
            let list = ChildProcess.run("find", [path, "-type", "f"]).output
            let files = list.split(separator: "\n").map { readBytes(String($0)) }
            return needles.indices.filter { number in
                files.contains { $0.firstRange(of: needles[number]) != nil }
            }
        }
        // A title is compressed there.
        #expect(Set(found(plain)).isSuperset(of: [1, 2]))
        #expect(found(path) == [])
    }

    @Test("relayd takes, verifies and prunes its snapshots with --snapshot-key-file.")
    func schedule() throws {
        _ = snapshot(["init", path, "--encrypt"] + key)
        let every = ["--snapshot-to", path, "--snapshot-every", "1s"]
        let care = ["--snapshot-keep-last", "1", "--snapshot-verify", "2s"]
        let relayd = try Relayd(
            store: store, in: directory,
            arguments: every + care + ["--snapshot-key-file", keyFile])
        #expect(relayd.logs("prune of \(path): 1 removed, which no rule keeps"))
        #expect(relayd.logs("snapshots of \(path) verified: everything is right"))
        // It is told of a new key by the repository, and reads its file again.
        _ = snapshot(
            ["key", "change", path, "--wait", "1m", "--new-key-file", keyFile + "2"] + key)
        #expect(relayd.logs("\(keyFile) does not open the repository \(path)"))
        #expect(relayd.stop() == 0)
        #expect(!relayd.output.contains(readText(keyFile).dropLast()))
        for (options, code, text) in [
            (every, 1, "is encrypted by a key: give its file"),
            (every + ["--snapshot-key-file", keyFile], 1, "does not open the repository"),
            (every + ["--snapshot-passphrase-file", keyFile], 1, "is encrypted by a key"),
            (["--snapshot-key-file", keyFile], 2, "give --snapshot-every and --snapshot-to too"),
            (
                every + ["--snapshot-key-file", "a", "--snapshot-passphrase-file", "b"], 2,
                "exclude each other"
            ),
        ] {
            let arguments = ["--store", store, "--socket", directory.file("s")] + options
            let run = ChildProcess.run("relayd", arguments)
            #expect(run.code == code && run.output.contains(text), "\(options): \(run.output)")
        }
    }
}
