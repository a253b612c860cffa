import HTTP2
import TestSupport
import Testing

/// `relayctl changes`, and the moments that it finds.
@Suite("The change log, as an administrator sees it,", .serialized)
struct ChangesTests {
    private let directory = TemporaryDirectory()
    private let relayd: Relayd
    private var store: String { directory.file("store") }

    init() throws {
        relayd = try Relayd(store: directory.file("store"), in: directory)
        let connection = try relayd.connect()
        for (key, title) in [
            (try relayd.makeKey(), "First"), (try relayd.makeKey(account: 2), "Other"),
            (try relayd.makeKey(), "Second"),
        ] {
            let fields = [
                HeaderField("authorization", "Bearer \(key)"),
                HeaderField("content-type", "application/json"),
            ]
            let body = Array(#"{"title":"\#(title)"}"#.utf8)
            let request = ClientRequest("POST", "/v1/orders", fields: fields, body: body)
            #expect(try connection.perform(request).status == 201)
        }
    }

    private func run(_ words: [String], code: Int32 = 0) -> String {
        let run = ChildProcess.run("relayctl", words)
        #expect(run.code == code, "\(words): \(run.output)")
        return run.output
    }

    /// What stands behind `"time":"` in a listing, in its order.
    private func times(_ listing: String) -> [String] {
        listing.matches(of: /"time":"([^"]+)"/).map { String($0.1) }
    }

    @Test("lists changes behind a number, of an account or a kind, so many at once.")
    func listed() throws {
        let all = run(["changes", "--store", store, "--json"])
        #expect(all.contains(#""seq":1,"#) && all.contains(#""kind":"createOrder""#))
        #expect(all.contains(#""resource":"order","id":1,"change":"created""#))
        #expect(all.contains(#""next":3,"oldest":1,"newest":3"#), "\(all)")
        let text = run(["changes", "--store", store, "--after", "2"])
        #expect(text.hasPrefix("seq 3  time "), "\(text)")
        let other = run(["changes", "--store", store, "--account", "2", "--json"])
        #expect(times(other).count == 1)
        #expect(times(run(["changes", "--store", store, "--resource", "unit", "--json"])) == [])
        let few = run(["changes", "--store", store, "--limit", "1", "--json"])
        #expect(few.contains(#""next":1,"#))
        let beyond = run(["changes", "--store", store, "--after", "9"], code: 2)
        #expect(beyond.contains("it has changes 1 to 3"))
        #expect(relayd.stop() == 0)
    }

    @Test("lists what happened between two times, and a restore goes back to one.")
    func times() throws {
        let all = times(run(["changes", "--store", store, "--json"]))
        try #require(all.count == 3)
        let last = run(["changes", "--store", store, "--at", all[2], "--json"])
        #expect(times(last).contains(all[2]))
        #expect(!last.contains(#""seq":1,"#) || all[0] == all[2])
        let before = run(["changes", "--store", store, "--until", all[0], "--json"])
        #expect(times(before) == [])
        let wrong = run(["changes", "--store", store, "--at", "yesterday"], code: 2)
        #expect(wrong.contains("2026-02-06T14:00:00+01:00"))
        #expect(relayd.stop() == 0)
    }

    @Test("is replayed up to a time.")
    func restored() throws {
        let (folder, target) = (directory.file("snapshot"), directory.file("restored"))
        // Of before the first change: the changes up to its time are replayed, and no later ones.
        _ = run(["snapshot", "create", "--store", store, "--to", folder])
        let all = times(run(["changes", "--store", store, "--json"]))
        let restore = ["snapshot", "restore", folder, "--to", target, "--changes-from", store]
        let replayed = run(restore + ["--as-of", all[2], "--json"])
        #expect(replayed.contains("\"sequence\":3"), "\(replayed)")
        let early = run(restore + ["--as-of", "1999-01-01T00:00:00Z"], code: 2)
        #expect(early.contains("no change of 1999-01-01T00:00:00.000Z or before"), "\(early)")
        let wrong = run(restore + ["--as-of", "soon"], code: 2)
        #expect(wrong.contains("number of a change, or a time"), "\(wrong)")
        #expect(relayd.stop() == 0)
    }
}
