import RelayStore
import Synchronization
import System
import TestSupport
import Testing

@testable import RelayLog

/// A log of a real server.
@Suite(.enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct JetStreamLogTests {
    @Test("What is appended is read in order, with the engine's time, and found by its number.")
    func order() throws {
        let place = try LogPlace()
        let log = try place.log()
        let before = SystemClock.wall.milliseconds
        for number in 1...5 {
            let outcome = append(log, Appender.text("m", number), id: "m\(number)")
            #expect(outcome == .kept(at: UInt64(number)))
        }
        #expect(append(log, [], id: "empty") == .kept(at: 6))
        let entries = try readAll(log, to: 6)
        #expect(entries.map(\.sequence) == Array(1...6))
        #expect(entries.prefix(5).map(\.message) == (1...5).map { Appender.text("m", $0) })
        #expect(entries.last?.message == [])
        for entry in entries {
            #expect((before...SystemClock.wall.milliseconds).contains(entry.time))
            #expect(try log.entry(at: entry.sequence) == entry)
        }
        #expect(try log.entry(at: 7) == nil)
        // From the middle, and from the end: none come.
        #expect(try readAll(log, after: 3, to: 6).map(\.sequence) == [4, 5, 6])
        #expect(try log.read(after: 6, waitMilliseconds: 300) == [])
        let state = try log.state()
        #expect(state.identity == place.identity)
        #expect((state.first, state.last) == (1, 6))
        #expect(state.bytes > 0)
        #expect(state.leader == "s0")
        #expect(log.place == "\(place.url)")
    }

    @Test("An empty log says that its first message is the next one.")
    func empty() throws {
        let place = try LogPlace()
        let log = try place.log()
        let state = try log.state()
        #expect((state.first, state.last) == (1, 0))
        #expect(try log.read(after: 0, waitMilliseconds: 100) == [])
        // A message wakes who waits.
        let writer = try place.log("h2")
        let thread = try SystemThread {
            SystemClock.sleep(milliseconds: 300)
            _ = append(writer, [1], id: "1")
        }
        let start = SystemClock.monotonic.milliseconds
        #expect(try log.read(after: 0, waitMilliseconds: 10_000).count == 1)
        #expect(SystemClock.monotonic.milliseconds - start < 5_000)
        thread.join()
        // All of it is gone by age or by hand: the next number stays.
        #expect(place.servers.ask("$JS.API.STREAM.PURGE.orders")?.contains("\"success\"") == true)
        let purged = try log.state()
        #expect((purged.first, purged.last) == (2, 1))
    }

    @Test("Ten thousand messages of two hosts are one sequence without a gap, the same for both.")
    func twoHosts() throws {
        let place = try LogPlace()
        let logs = [try place.log("h1"), try place.log("h2")]
        let appenders = [0, 1].map { Appender(logs[$0], name: "h\($0)", count: 5_000) }
        let threads = try appenders.map { appender in
            try SystemThread { #expect(appender.run(underWay: 64, seconds: 50)) }
        }
        let read = try logs.map { try readAll($0, to: 10_000, seconds: 60) }
        for thread in threads { thread.join() }
        #expect(read[0].map(\.sequence) == Array(1...10_000))
        #expect(read[0] == read[1])
        for (host, appender) in appenders.enumerated() {
            #expect(appender.kept.count == 5_000)
            for (number, sequence) in appender.kept {
                #expect(read[0][Int(sequence) - 1].message == Appender.text("h\(host)", number))
            }
        }
        // One reader each: nothing was odd on the way.
        #expect(logs.map(\.readersMade) == [1, 1])
    }

    @Test("A message of the same id is there once.")
    func sameID() throws {
        let place = try LogPlace()
        let (log, other) = (try place.log("h1"), try place.log("h2"))
        #expect(append(log, [1], id: "a") == .kept(at: 1))
        #expect(append(log, [1], id: "a") == .kept(at: 1))
        #expect(append(other, [1], id: "a") == .kept(at: 1))
        #expect(append(log, [2], id: "b") == .kept(at: 2))
        #expect(try readAll(log, to: 2).map(\.message) == [[1], [2]])
    }

    @Test("Large messages come in order, though one request holds few of them.")
    func large() throws {
        let place = try LogPlace()
        let log = try place.log()
        let messages = (0..<40).map { [UInt8](repeating: UInt8($0), count: 900_000) }
        for (number, message) in messages.enumerated() {
            #expect(append(log, message, id: "\(number)") == .kept(at: UInt64(number + 1)))
        }
        #expect(try readAll(log, to: 40).map(\.message) == messages)
        #expect(log.readersMade == 1)
        // Above what the server takes.
        guard case .refused(let why) = append(log, [UInt8](repeating: 0, count: 2 << 20), id: "x")
        else {
            Issue.record("it was not refused")
            return
        }
        #expect(why.contains("2097152 bytes"))
    }

    @Test("A log that has all it may have declines a message, and says why.")
    func declined() throws {
        let place = try LogPlace()
        place.remake(
            "\"max_msgs\":1,\"discard\":\"new\",\(LogPlace.metadata(place.identity))")
        let log = try place.log()
        #expect(append(log, [1], id: "1") == .kept(at: 1))
        #expect(append(log, [2], id: "2") == .declined(why: "maximum messages exceeded"))
    }

    @Test("Closing ends whoever waits, and refuses what comes later.")
    func close() throws {
        let place = try LogPlace()
        let log = try place.log()
        #expect(try log.read(after: 0, waitMilliseconds: 100) == [])
        let thread = try SystemThread {
            SystemClock.sleep(milliseconds: 300)
            log.close()
        }
        let milliseconds = SystemClock.time {
            #expect(throws: SharedLogError.self) {
                try log.read(after: 0, waitMilliseconds: 20_000)
            }
        }
        #expect(milliseconds < 5_000)
        thread.join()
        #expect(append(log, [1], id: "1") == .refused(why: "the log was closed"))
        #expect(throws: SharedLogError.unreachable(why: "the log was closed")) { try log.state() }
        log.close()
        // Also from within an outcome.
        let second = try place.log()
        let done = Semaphore()
        second.append([1], id: "1") { _ in
            second.close()
            done.post()
        }
        done.wait()
    }
}
