import Glibc
import HTTP2
import TestSupport
import Testing

/// What options of relayctl change, seen from outside, as far as no other suite shows it: see
/// `OptionTable`.
@Suite("An option of relayctl:", .serialized)
struct RelayctlOptionTests {
    /// Runs a verb; gives what it printed, progress included.
    private func run(_ words: [String], code: Int32 = 0) -> String {
        let run = ChildProcess.run("relayctl", words)
        #expect(run.code == code, "\(words): \(run.output)")
        return run.output
    }

    /// The lines of a dump behind the first, which tells stores apart.
    private func records(_ store: String, _ options: [String] = []) -> [Substring] {
        let directory = TemporaryDirectory()
        let file = directory.file("dump")
        _ = run(["dump", "--store", store, "--to", file] + options)
        return Array(readText(file).split(separator: "\n").dropFirst())
    }

    @Test("sample --seed is what the bytes depend on, --accounts how many accounts there are.")
    func sample() throws {
        let directory = TemporaryDirectory()
        let stores = ["a", "b", "c"].map(directory.file)
        for (store, seed) in zip(stores, ["7", "7", "8"]) {
            let made = run([
                "sample", "--store", store, "--orders", "40", "--accounts", "3", "--seed", seed,
                "--json",
            ])
            #expect(made.contains("\"accounts\":3,"))
            #expect(made.contains("\"orders\":48,"))
        }
        #expect(records(stores[0]) == records(stores[1]))
        #expect(records(stores[0]) != records(stores[2]))
        #expect(records(stores[0], ["--account", "3"]).count { $0.contains("\"account\":3,") } > 4)
        #expect(
            records(stores[0], ["--account", "3"]).allSatisfy { !$0.contains("\"account\":1,") })
    }

    @Test("keys --label tells keys apart, --account whose they are, --json is for scripts.")
    func keys() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        _ = run(["sample", "--store", store, "--orders", "1"])
        let place = ["--store", store]
        _ = run(["keys", "create", "--account", "2", "--label", "the first"] + place)
        let list = run(["keys", "list", "--account", "2", "--json"] + place)
        #expect(list.hasPrefix("{\"keys\":[{\"id\":1,\"account\":2,\"label\":\"the first\","))
        #expect(run(["keys", "list", "--account", "1", "--json"] + place) == "{\"keys\":[]}\n")
        #expect(run(["keys", "revoke", "1", "--json"] + place) == "{\"revoked\":1}\n")
        #expect(run(["keys", "list", "--account", "2", "--json"] + place) == "{\"keys\":[]}\n")
        // Through relayd, wherever that is.
        let relayd = try Relayd(store: store, in: directory)
        let through = place + ["--admin-socket", relayd.adminSocket]
        _ = run(["keys", "create", "--account", "3"] + through)
        #expect(
            run(["keys", "list", "--account", "3", "--json"] + through).contains("\"account\":3,"))
    }

    @Test("--store is where relayd is looked for, unless --admin-socket says where it is.")
    func places() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        let elsewhere = directory.file("elsewhere")
        func serve(_ admin: String) throws -> Relayd {
            let relayd = try Relayd(store: store, in: directory)
            // Under the name that a relayd without --admin-socket would give it.
            try #require(link(relayd.adminSocket, admin) == 0)
            return relayd
        }
        let relayd = try serve(elsewhere)
        let asking = [["health"], ["wait", "--ready", "--timeout", "1s"], ["top", "--once"]]
        for verb in asking {
            let none = run(verb + ["--store", store, "--json"], code: 1)
            #expect(none.contains("no process listens on \(store)/admin.sock"), "\(verb): \(none)")
            let found = run(verb + ["--admin-socket", elsewhere, "--json"])
            #expect(found.hasPrefix("{"), "\(verb): \(found)")
        }
        let through = run(["stat", "--store", store, "--admin-socket", elsewhere, "--json"])
        #expect(through.contains("\"pid\":\(relayd.process.pid),\"uptime"))
        #expect(!run(["stat", "--store", store, "--json"]).contains("\"uptime"))
        try #require(link(relayd.adminSocket, store + "/admin.sock") == 0)
        for verb in asking { #expect(run(verb + ["--store", store, "--json"]).hasPrefix("{")) }
        #expect(relayd.stop() == 0)
    }

    @Test("dump --format, and --json of the verbs that have no other test of it.")
    func reports() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        _ = run(["sample", "--store", store, "--orders", "10"])
        let file = directory.file("dump")
        let dump = ["dump", "--store", store, "--to", file]
        #expect(run(dump + ["--format", "jsonl", "--json"]).contains("{\"file\":\"\(file)\","))
        #expect(records(store, ["--format", "jsonl"]) == records(store))
        #expect(run(dump + ["--format", "xml"], code: 2).contains("expected one of jsonl"))
        #expect(run(["check", "--store", store, "--json"]).contains("{\"sound\":true,"))
        let pages = run(["man", "--to", directory.file("man"), "--json"])
        #expect(pages.hasPrefix("{\"directory\":\"\(directory.file("man"))\",\"pages\":"))
    }

    @Test("snapshot create --stdout, --manifest, --label, --compact and --json.")
    func snapshotCreate() throws {
        let directory = TemporaryDirectory()
        let (store, folder) = (directory.file("store"), directory.file("snapshot"))
        _ = run(["sample", "--store", store, "--orders", "200"])
        let create = ["snapshot", "create", "--store", store]
        // One file of the data, another of the manifest that has its sum.
        let (data, manifest) = (directory.file("data.mdb"), directory.file("manifest"))
        let program = ChildProcess.path(of: "relayctl")
        let streamed = ChildProcess.run(
            "bash",
            [
                "-c", "\"$@\" >\(data) && b2sum <\(data)", "bash", program,
            ] + create + ["--stdout", "--manifest", manifest])
        #expect(streamed.code == 0, "\(streamed.output)")
        let sum = streamed.output.split(separator: "\n").last?.prefix(128) ?? "none"
        #expect(readText(manifest).contains("\"blake2b\":\"\(sum)\""))
        let made = run(create + ["--to", folder, "--compact", "--label", "the first", "--json"])
        #expect(made.contains("\"label\":\"the first\","))
        #expect(readText(folder + "/manifest.json").contains("\"compact\":true"))
        // Only --full looks at pages.
        #expect(run(["snapshot", "verify", folder, "--quick", "--json"]).contains("\"pages\":0,"))
        #expect(!run(["snapshot", "verify", folder, "--full", "--json"]).contains("\"pages\":0,"))
    }

    @Test("snapshot restore --dry-run, --as-of and --changes-from.")
    func snapshotRestore() throws {
        let directory = TemporaryDirectory()
        let (store, folder) = (directory.file("store"), directory.file("snapshot"))
        let relayd = try Relayd(store: store, in: directory)
        let key = try relayd.makeKey()
        func create(_ name: String) throws {
            let fields = [
                HeaderField("authorization", "Bearer \(key)"),
                HeaderField("content-type", "application/json"),
            ]
            let body = Array(#"{"customer":{"name":"\#(name)"}}"#.utf8)
            let request = ClientRequest("POST", "/v1/customers", fields: fields, body: body)
            #expect(try relayd.connect().perform(request).status == 201)
        }
        try create("First")
        _ = run(["snapshot", "create", "--store", store, "--to", folder])
        try create("Second")
        try create("Third")
        let target = directory.file("restored")
        let restore = ["snapshot", "restore", folder, "--to", target]
        #expect(run(restore + ["--dry-run", "--json"]).contains("\"restored\":false,"))
        #expect(access(target, F_OK) != 0)
        let replayed = run(restore + ["--as-of", "2", "--changes-from", store, "--json"])
        #expect(replayed.contains("\"sequence\":2"), "\(replayed)")
        let customers = records(target, ["--resource", "customer"])
        #expect(customers.contains { $0.contains("Second") })
        #expect(!customers.contains { $0.contains("Third") })
        #expect(relayd.stop() == 0)
    }

    @Test("snapshot diff --fields says what members were and are, --json is for scripts.")
    func snapshotDiff() throws {
        let directory = TemporaryDirectory()
        let stores = ["1", "2"].map { seed in
            _ = run(["sample", "--store", directory.file(seed), "--orders", "3", "--seed", seed])
            return directory.file(seed)
        }
        let difference = ["snapshot", "diff"] + stores + ["--json"]
        let change = "{\"change\":\"changed\",\"account\":1,\"resource\":\"address\",\"id\":1"
        #expect(run(difference).contains(change + "}"))
        #expect(run(difference + ["--fields"]).contains(change + ",\"fields\":[{\"name\":\""))
    }

    @Test("snapshot prune --keep-… keep what they say, --dry-run removes nothing.")
    func snapshotPrune() throws {
        let directory = TemporaryDirectory()
        let (store, path) = (directory.file("store"), directory.file("repository"))
        _ = run(["sample", "--store", store, "--orders", "5"])
        let create = ["snapshot", "create", "--store", store, "--into", path]
        _ = run(create + ["--label", "lost"])
        // Its disk is not mounted any more.
        #expect(rename(path, path + ".elsewhere") == 0 && mkdir(path, 0o755) == 0)
        #expect(run(create, code: 1).contains("the repository \(path) is gone: mount its disk"))
        _ = run(create + ["--label", "older", "--init"])
        _ = run(create + ["--label", "newer"])
        #expect(run(create + ["--init"], code: 1).contains("leave --init out"))
        #expect(run(["snapshot", "init", path, "--json"], code: 1).contains("\"error\":"))
        let list = run(["snapshot", "list", path, "--json"])
        let ids = list.split(separator: "\"").indices.compactMap { index -> Substring? in
            let words = list.split(separator: "\"")
            return words[index] == "id" ? words[index + 2] : nil
        }
        try #require(ids.count == 2)
        for rule in ["--keep-last", "--keep-daily", "--keep-weekly", "--keep-monthly"] {
            let dry = run(["snapshot", "prune", path, rule, "1", "--dry-run", "--json"])
            #expect(
                dry.contains("\"kept\":[\"\(ids[1])\"],\"removed\":[\"\(ids[0])\"]"),
                "\(rule): \(dry)")
        }
        let zone = ["snapshot", "prune", path, "--keep-daily", "1", "--dry-run", "--timezone"]
        #expect(run(zone + ["Europe/Atlantis"], code: 2).contains("such as Europe/Berlin"))
        _ = run(zone + ["Europe/Berlin"])
        #expect(run(["snapshot", "status", path, "--json"]).contains("{\"snapshots\":2,"))
        _ = run(["snapshot", "prune", path, "--keep-daily", "1"])
        #expect(run(["snapshot", "status", path, "--json"]).contains("{\"snapshots\":1,"))
    }
}
