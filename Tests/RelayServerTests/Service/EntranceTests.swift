import Glibc
import HTTP2
import RelayStore
import Synchronization
import System
import TestSupport
import Testing

@testable import RelayServer

@Suite("The admin socket")
struct EntranceTests {
    @Test(
        "answers from the beginning of a start how far that is, and behind it on the same connection as ever."
    )
    func start() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("admin.sock")
        let told = Mutex<[String]>([])
        let entrance = try ServiceEntrance(
            progress: StartProgress { words in told.withLock { $0.append(words) } })
        entrance.listenAdmin(try UnixSocket(path: path))
        try entrance.start()
        let client = try ClientConnection(unix: path)
        func ask(
            _ method: String, _ path: String, body: String = ""
        ) throws -> (status: Int, text: String, retryAfter: String?) {
            let answer = try client.perform(ClientRequest(method, path, body: Array(body.utf8)))
            return (
                answer.status, String(decoding: answer.body, as: UTF8.self),
                answer["retry-after"]
            )
        }
        let early = try ask("GET", "/readyz")
        #expect(early.status == 503 && early.text.contains("relayd is starting\""), "\(early)")
        entrance.progress.enter(.join)
        entrance.progress.report(.join, 43, of: 100)
        for (method, path) in [
            ("GET", "/readyz"), ("GET", "/admin/stat"), ("GET", "/metrics"),
            ("POST", "/admin/keys"), ("POST", "/admin/load"), ("DELETE", "/admin/keys/1"),
        ] {
            let answer = try ask(method, path, body: method == "POST" ? #"{"account":1}"# : "")
            #expect(answer.status == 503 && answer.retryAfter == "1", "\(path): \(answer)")
            #expect(answer.text.contains("is starting (join, 43 %): its store is made"))
        }
        #expect(try ask("GET", "/livez").status == 200)
        // What comes within a second of the last word is not told.
        #expect(
            told.withLock { $0 } == ["relayd is starting (join): its store is made of a snapshot"])
        let store = try Store.inMemory(options: .small)
        let service = try RelayService(store: store, loops: 1, entrance: entrance)
        service.listen(try UnixSocket(path: directory.file("relay.sock")))
        #expect(try ask("GET", "/readyz").status == 503)
        try service.start()
        #expect(try ask("GET", "/readyz").status == 200)
        let made = try ask("POST", "/admin/keys", body: #"{"account":1}"#)
        #expect(made.status == 201, "\(made)")
        service.stop()
    }

    @Test("holds no commit's pages before its first request.", arguments: [false, true])
    func reader(hasStarted: Bool) throws {
        let directory = TemporaryDirectory()
        let entrance = try ServiceEntrance()
        entrance.listenAdmin(try UnixSocket(path: directory.file("admin.sock")))
        if hasStarted {
            try entrance.start()
            // The loop rests after 10 ms.
            usleep(100_000)
        }
        let store = try Store.inMemory(options: .small)
        let service = try RelayService(store: store, loops: 1, entrance: entrance)
        service.listen(try UnixSocket(path: directory.file("relay.sock")))
        try service.start()
        let deadline = SystemClock.monotonic.milliseconds + 3_000
        while try store.readerSlots().contains(where: { $0.transactionID != nil }) {
            guard SystemClock.monotonic.milliseconds < deadline else {
                Issue.record("a reader does not rest: \(try store.readerSlots())")
                break
            }
            usleep(10_000)
        }
        service.stop()
    }

    @Test(
        "leaves no socket when a start fails, before or after it listens.",
        arguments: [false, true])
    func failed(hasStarted: Bool) throws {
        let directory = TemporaryDirectory()
        let entrance = try ServiceEntrance()
        entrance.listenAdmin(try UnixSocket(path: directory.file("admin.sock")))
        if hasStarted { try entrance.start() }
        entrance.stop()
        #expect(
            TemporaryDirectory.names(in: directory.path).filter { $0.hasPrefix("admin") } == [])
    }
}
