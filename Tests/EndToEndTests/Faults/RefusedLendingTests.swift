import HTTP2
import JSON
import TestSupport
import Testing

/// relayd where the kernel, or a filter of system calls, does not let it lend memory.
@Suite("A kernel that takes nothing on loan")
struct RefusedLendingTests {
    private static let pages = 40

    @Test(
        "Pages are copied then, whole, and /admin/stat says so.",
        arguments: ["nothing", "pipe2", "vmsplice", "splice"])
    func refused(call: String) throws {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        let library = sample.directory.file("refused-calls.so")
        let source = "\(#filePath)".split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let compiled = ChildProcess.run(
            "gcc", ["-O2", "-shared", "-fPIC", "-o", library, source + "/refused-calls.c"])
        try #require(compiled.code == 0, "\(compiled.output)")
        let relayd = try sample.serve(
            environment: ["LD_PRELOAD=\(library)", "RELAY_REFUSES=\(call)"])
        let client = try relayd.connect()
        let request = ClientRequest(
            "GET", "/v1/orders?limit=50&offset=100",
            fields: [HeaderField("authorization", "Bearer \(key)")])
        let page = try client.perform(request)
        #expect(page.status == 200)
        for _ in 0..<Self.pages { #expect(try client.perform(request).body == page.body) }
        // The turn of the last answer is published when it ends.
        _ = try client.perform(request)
        let isRefused = call != "nothing"
        #expect(try figure("copyingLoops", relayd) == (isRefused ? 1 : 0))
        let lent = try figure("lentBytes", relayd)
        #expect(isRefused ? lent == 0 : lent > Self.pages / 2 * page.body.count)
        #expect(relayd.stop() == 0)
    }

    private func figure(_ name: String, _ relayd: Relayd) throws -> Int {
        let admin = try ClientConnection(unix: relayd.adminSocket)
        let body = try admin.perform(ClientRequest("GET", "/admin/stat")).body
        let parser = JSONParser()
        let value = try body.withUnsafeBytes { try parser.parse($0) }
        for (member, number) in value.members where String(member) == name {
            return try #require(number.integer.map { Int($0) })
        }
        throw TransportError.connectionClosed("no member \(name)")
    }
}
