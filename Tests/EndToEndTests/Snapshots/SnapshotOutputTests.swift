import Glibc
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite("What snapshot verbs write", .serialized) struct SnapshotOutputTests {
    private let directory = TemporaryDirectory()
    private let store: String

    init() throws {
        store = directory.file("store")
        let made = ChildProcess.run("relayctl", ["sample", "--store", store, "--orders", "60"])
        try #require(made.code == 0, "\(made.output)")
    }

    @Test("to standard error beside --stdout is the manifest and nothing else.")
    func manifest() throws {
        let (data, manifest) = (directory.file("data.mdb"), directory.file("manifest.json"))
        let run = ChildProcess.run(
            "sh",
            [
                "-c", "\"$@\" >\(data) 2>\(manifest)", "sh", ChildProcess.path(of: "relayctl"),
                "snapshot", "create", "--store", store, "--stdout",
            ])
        #expect(run.code == 0)
        let bytes = try #require(try Disk.contents(of: manifest, upTo: 1 << 20))
        #expect(Manifest(bytes) != nil, "\(readText(manifest))")
    }

    @Test("is never binary on a terminal.")
    func terminal() throws {
        let relayctl = ChildProcess.path(of: "relayctl")
        let command = "\(relayctl) snapshot create --store \(store) --stdout; echo ended with $?"
        let terminal = try Terminal("sh -c '\(command)'")
        #expect(terminal.wait(for: "ended with "))
        #expect(terminal.output.contains("standard output is a terminal"))
        #expect(terminal.output.contains("ended with 2"))
    }

    @Test("of a label is one line without control characters, and all of it as JSON.")
    func label() {
        let path = directory.file("repository")
        let label = "\u{1b}[31mred\nid forged"
        let create = ["snapshot", "create", "--store", store, "--into", path, "--init"]
        let made = ChildProcess.run("relayctl", create + ["--label", label])
        let list = ChildProcess.run("relayctl", ["snapshot", "list", path])
        for output in [made.output, list.output] {
            #expect(!output.contains("\u{1b}") && output.contains(#"\u{1B}[31mred\nid forged"#))
            #expect(!output.contains("\nid forged"), "\(output)")
        }
        let json = ChildProcess.run("relayctl", ["snapshot", "list", path, "--json"]).output
        #expect(json.contains(#"\u001b[31mred\nid forged"#), "\(json)")
    }

    @Test("of a dump that was loaded into another store is no difference.")
    func difference() {
        let (dump, other) = (directory.file("dump"), directory.file("other"))
        for words in [
            ["dump", "--store", store, "--to", dump], ["load", dump, "--store", other],
        ] {
            let run = ChildProcess.run("relayctl", words)
            #expect(run.code == 0, "\(words): \(run.output)")
        }
        let run = ChildProcess.run("relayctl", ["snapshot", "diff", store, other, "--json"])
        #expect(run.code == 0)
        #expect(
            run.output.contains(#""added":0,"#) && run.output.contains(#""changed":0"#),
            "\(run.output)")
    }
}
