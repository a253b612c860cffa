import Glibc
import RelayStore
import Synchronization
import System
import TestSupport
import Testing

@testable import RelayLog

/// Servers with one log, and what tests ask of it.
struct LogPlace {
    let servers: JetStreamServers
    let url: JetStreamURL
    let identity = LogIdentity.random

    /// Starts servers; one keeps the log alone if there is but one.
    init(_ count: Int = 1, log name: String = "orders", settings: String = "") throws {
        servers = try JetStreamServers(count, settings: settings)
        url = try JetStreamURL("nats://\(servers.addresses)/\(name)")
        try retry { [self] in
            try JetStreamLog.create(url, identity: identity, replicas: count)
        }
    }

    func log(_ host: String = "h1") throws -> JetStreamLog { try JetStreamLog(url, host: host) }

    /// Makes the stream anew by hand, with something else in its configuration.
    func remake(_ changes: String, name: String = "orders") {
        var answer: String?
        // What was deleted may still be on its way out.
        for _ in 0..<100 {
            _ = servers.ask("$JS.API.STREAM.DELETE.\(name)")
            answer = servers.ask(
                "$JS.API.STREAM.CREATE.\(name)",
                """
                {"name":"\(name)","subjects":["relay.\(name).log.>"],"deny_delete":true,\
                "allow_direct":true,\(changes)}
                """)
            if answer?.contains("\"error\"") == false { return }
            SystemClock.sleep(milliseconds: 50)
        }
        Issue.record("\(answer as Any)")
    }

    /// Metadata of a log that one server may keep.
    static func metadata(_ identity: LogIdentity) -> String {
        #""metadata":{"relay.identity":"\#(identity)","relay.replicas":"1"}"#
    }
}

/// Repeats what an engine without a leader refuses.
func retry<Value>(_ body: () throws -> Value) throws -> Value {
    for _ in 0..<60 {
        do {
            return try body()
        } catch SharedLogError.unreachable { SystemClock.sleep(milliseconds: 250) }
    }
    return try body()
}

/// Reads a log to a number, in order; what is there when the time is over.
func readAll(
    _ log: JetStreamLog, after start: UInt64 = 0, to last: UInt64, seconds: Int64 = 30
) throws -> [SharedLogEntry] {
    var entries: [SharedLogEntry] = []
    let end = SystemClock.monotonic.milliseconds + seconds * 1_000
    while start + UInt64(entries.count) < last, SystemClock.monotonic.milliseconds < end {
        do {
            let position = start + UInt64(entries.count)
            entries += try log.read(after: position, waitMilliseconds: 500)
        } catch SharedLogError.unreachable {}
    }
    return entries
}

/// Appends one message and waits for what becomes of it.
func append(_ log: JetStreamLog, _ message: [UInt8], id: String) -> AppendOutcome {
    let outcome = Mutex<AppendOutcome?>(nil)
    let done = Semaphore()
    log.append(message, id: id) { result in
        outcome.withLock { $0 = result }
        done.post()
    }
    done.wait()
    return outcome.withLock { $0! }
}

extension SystemClock {
    /// Lets time pass.
    static func sleep(milliseconds: UInt32) { usleep(milliseconds * 1_000) }

    /// Milliseconds that something takes.
    static func time(_ body: () throws -> Void) rethrows -> Int64 {
        let start = monotonic.milliseconds
        try body()
        return monotonic.milliseconds - start
    }
}
