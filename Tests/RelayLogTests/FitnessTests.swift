import Glibc
import RelayStore
import System
import TestSupport
import Testing

@testable import RelayLog

/// Logs that relayd must not be given.
@Suite(.enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct FitnessTests {
    @Test(
        "A stream that may lose what it acknowledged, or is none of ours, is refused with the reason."
    )
    func unfit() throws {
        let place = try LogPlace()
        let log = try place.log()
        let good = LogPlace.metadata(place.identity)
        for (changes, why) in [
            (#""storage":"memory",\#(good)"#, "the stream orders is kept in memory"),
            (
                #""metadata":{"relay.identity":"\#(place.identity)"}"#,
                "keep the stream orders: 1, and 3 were asked for"
            ),
            (#""metadata":{}"#, "has no relay.identity"),
            (#""metadata":{"relay.identity":"12"}"#, "has no relay.identity"),
            (#""deny_delete":false,\#(good)"#, "it needs deny_delete"),
            (#""allow_direct":false,\#(good)"#, "it needs allow_direct"),
        ] {
            // What is named twice counts as it is named last.
            place.remake(changes)
            let error = #expect(throws: SharedLogError.self) { try log.state() }
            guard let error, case .unfit(let words) = error else {
                Issue.record("\(changes): \(error as Any)")
                continue
            }
            #expect(words.contains(why))
            #expect(throws: error) {
                try place.log().read(after: 0, waitMilliseconds: 1_000)
            }
        }
        place.remake(good)
        #expect(try log.state().identity == place.identity)
    }

    @Test("A log that is not there is missing; one that is there is not made again.")
    func missing() throws {
        let place = try LogPlace()
        let other = try JetStreamURL("nats://\(place.servers.addresses)/nothing")
        let log = try JetStreamLog(other, host: "h1")
        #expect(throws: SharedLogError.missing(name: "nothing")) { try log.state() }
        #expect(throws: SharedLogError.missing(name: "nothing")) {
            try log.read(after: 0, waitMilliseconds: 1_000)
        }
        // Nobody listens to its subject.
        guard case .refused = append(log, [1], id: "1") else {
            Issue.record("a message for a log that is not there was taken")
            return
        }
        let exists = #expect(throws: SharedLogError.self) {
            try JetStreamLog.create(place.url, identity: .random, replicas: 1)
        }
        #expect("\(exists as Any)".contains("there is a stream orders already"))
        // One server cannot keep what three are to keep.
        let alone = #expect(throws: SharedLogError.self) {
            try JetStreamLog.create(other, identity: .random)
        }
        #expect("\(alone as Any)".contains("replicas > 1 not supported"))
        #expect(throws: SharedLogError.self) {
            try JetStreamLog.create(other, identity: .random, replicas: 6)
        }
    }

    @Test("A log that is deleted is missing; one that was made anew is another one.")
    func another() throws {
        let place = try LogPlace()
        let (log, reader) = (try place.log(), try place.log("h2"))
        for number in 1...3 { _ = append(log, [1], id: "\(number)") }
        #expect(try readAll(reader, to: 3).count == 3)
        #expect(place.servers.ask("$JS.API.STREAM.DELETE.orders")?.contains("true") == true)
        #expect(throws: SharedLogError.missing(name: "orders")) { try log.state() }
        #expect(throws: SharedLogError.missing(name: "orders")) {
            try reader.read(after: 3, waitMilliseconds: 5_000)
        }
        let identity = LogIdentity.random
        try JetStreamLog.create(place.url, identity: identity, replicas: 1)
        for number in 1...9 { _ = append(log, [2], id: "new \(number)") }
        #expect(try log.state().identity == identity)
        let error = #expect(throws: SharedLogError.self) {
            try reader.read(after: 3, waitMilliseconds: 5_000)
        }
        #expect(error == .anew(why: "the log orders was \(place.identity) and is now \(identity)"))
    }

    @Test("A log that ends before what was read, or begins behind it, is never read with a gap.")
    func gap() throws {
        let place = try LogPlace()
        let log = try place.log()
        for number in 1...9 { _ = append(log, [1], id: "\(number)") }
        let (early, late) = (try place.log("early"), try place.log("late"))
        #expect(try readAll(early, to: 9).count == 9)
        // Everything up to 6 goes.
        _ = place.servers.ask("$JS.API.STREAM.PURGE.orders", #"{"seq":7}"#)
        #expect(try log.state().first == 7)
        #expect(try log.entry(at: 6) == nil)
        var words: [String] = []
        let milliseconds = SystemClock.time {
            words = [(early, UInt64(2)), (late, 20)].map { log, position in
                // Longer than it takes to believe the engine, and not for ever.
                for _ in 0..<120 {
                    do {
                        let entries = try log.read(after: position, waitMilliseconds: 500)
                        if !entries.isEmpty { return "\(entries)" }
                    } catch SharedLogError.unfit(let why) {
                        return why
                    } catch { usleep(100_000) }
                }
                return "nothing was said"
            }
        }
        #expect(words[0] == "the log orders begins at 7, and 3 is to be read")
        #expect(words[1] == "the log orders ends at 9, and 20 was read from it")
        // Not at once: a leader that was paused tells an old state for a while.
        #expect(milliseconds >= Limits.doubtMilliseconds)
        #expect(try readAll(early, after: 6, to: 9).map(\.sequence) == [7, 8, 9])
    }

    @Test("A log that went back is the same one, and says where it ends.")
    func wentBack() throws {
        let place = try LogPlace()
        let log = try place.log()
        for number in 1...5 { _ = append(log, [1], id: "\(number)") }
        #expect(try readAll(log, to: 5).count == 5)
        // An old copy of the same log.
        place.remake(LogPlace.metadata(place.identity))
        let state = try log.state()
        #expect(state.identity == place.identity)
        #expect((state.first, state.last) == (1, 0))
        #expect(try log.entry(at: 5) == nil)
        // It is silent for a reader that goes on, and that reader knows.
        let error = #expect(throws: SharedLogError.self) {
            try log.read(after: 5, waitMilliseconds: 1_000)
        }
        let why = "the log orders ends at 0, and 5 was read from it"
        #expect(error == .unreachable(why: why))
    }

    @Test("Credentials that others may read are refused, and so is what is no name of a host.")
    func credentials() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("host.creds")
        #expect(throws: SharedLogError.self) { try LogCredentials(path: path) }
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        _ = try LogCredentials(path: path)
        chmod(path, 0o640)
        let error = #expect(throws: SharedLogError.self) { try LogCredentials(path: path) }
        #expect("\(error as Any)".contains("chmod 600 \(path)"))
        let folder = #expect(throws: SharedLogError.self) {
            try LogCredentials(path: directory.path)
        }
        #expect("\(folder as Any)".contains("are no file"))
        let url = try JetStreamURL("nats://127.0.0.1:1/x")
        for name in ["", "a.b", "a b", "*"] {
            #expect(throws: SharedLogError.self) { try JetStreamLog(url, host: name) }
        }
    }

    @Test("TLS is refused with a libnats that shares a connection between threads.")
    func security() throws {
        let url = try JetStreamURL("tls://127.0.0.1:1/x")
        let error = #expect(throws: SharedLogError.self) { try JetStreamLog(url, host: "h") }
        #expect("\(error as Any)".contains("tls:// needs libnats 3.11 or newer, and this is 3.4.1"))
    }
}
