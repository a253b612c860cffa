import Glibc
import HTTP2
import Testing

/// Each in a process of its own: what is measured is the process's memory, and other suites run
/// beside this one.
@Suite("The memory of a server with a client")
struct AttackMemoryTests {
    @Test("that asks for 100 long answers and reads none is bounded.")
    func slowReader() async {
        await #expect(processExitsWith: .success) {
            let server = try SampleServer()
            let client = try RawConnection(server.path)
            // A large window per stream, so that only the unread socket holds the server back.
            client.write(RawConnection.frame(RawConnection.settings, [0, 4, 0x7F, 0, 0, 0]))
            client.write(RawConnection.frame(RawConnection.windowUpdate, [0x7F, 0, 0, 0]))
            try expectGrowth(server, below: 8 * 1024) {
                for index in 0..<100 {
                    client.write(RawConnection.get("/stream", stream: UInt32(index * 2 + 1)))
                }
            }
        }
    }

    @Test("that asks for 100 long answers in turns and reads none is bounded.")
    func turns() async {
        await #expect(processExitsWith: .success) {
            let server = try SampleServer()
            let client = try RawConnection(server.path)
            client.write(RawConnection.frame(RawConnection.settings, [0, 4, 0x7F, 0, 0, 0]))
            client.write(RawConnection.frame(RawConnection.windowUpdate, [0x7F, 0, 0, 0]))
            try expectGrowth(server, below: 8 * 1024) {
                for index in 0..<100 {
                    let fields =
                        [0x82, 0x86] + FieldSection.path("/stream")
                        + FieldSection.literal("priority", "i")
                    client.write(Frames.headers(fields, stream: UInt32(index * 2 + 1)))
                }
            }
        }
    }

    @Test("that keeps 100 windows closed is bounded, and others are served.")
    func closedWindows() async {
        await #expect(processExitsWith: .success) {
            let server = try SampleServer()
            let client = try RawConnection(server.path)
            client.write(RawConnection.frame(RawConnection.settings, [0, 4, 0, 0, 0, 0]))
            try expectGrowth(server, below: 16 * 1024) {
                for index in 0..<100 {
                    client.write(RawConnection.get("/page", stream: UInt32(index * 2 + 1)))
                }
            }
        }
    }
}

/// Measures what a client's requests cost; others are served before and after.
private func expectGrowth(
    _ server: SampleServer, below limit: Int, _ requests: () -> Void
) throws {
    let other = try ClientConnection(unix: server.path)
    // The page's bytes are made when they are first asked for.
    #expect(try other.perform(ClientRequest("GET", "/page")).status == 200)
    let before = anonymousKilobytes()
    requests()
    usleep(300_000)
    let growth = anonymousKilobytes() - before
    #expect(growth < limit, "\(growth) KiB")
    #expect(try other.perform(ClientRequest("GET", "/page")).status == 200)
}

/// Anonymous memory of this process.
private func anonymousKilobytes() -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
        if text.hasPrefix("RssAnon:") {
            return Int(text.split(separator: "\t")[1].drop { $0 == " " }.prefix { $0 != " " })!
        }
    }
    return 0
}
