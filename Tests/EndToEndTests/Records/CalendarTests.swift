import CivilTime
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

/// GET /v1/appointments.ics of a real relayd, whose clock can be set.
@Suite("The calendar of a real relayd", .serialized)
struct CalendarTests {
    private final class Site {
        let directory = TemporaryDirectory()
        let clock: ShiftedClock
        let store: String
        private(set) var relayd: Relayd
        let key: String
        private(set) var client: RelayClient

        init() throws {
            clock = try ShiftedClock(in: directory)
            store = directory.file("store")
            relayd = try Relayd(store: store, in: directory, environment: clock.environment)
            key = try relayd.makeKey()
            client = RelayClient(connection: try relayd.connect(), key: key)
            for name in ["a", "b"] {
                _ = try client.createCustomer(
                    CustomerUpsert(customer: CustomerInput(name: name)))
            }
        }

        func restart() throws {
            #expect(relayd.stop() == 0)
            relayd = try Relayd(store: store, in: directory, environment: clock.environment)
            client = RelayClient(connection: try relayd.connect(), key: key)
        }

        func add(_ title: String, day: Int, customer: UInt64 = 1) throws -> UInt64 {
            let start = WallTime(seconds: 63_900_000_000 + UInt64(day) * 86_400)
            return try client.createAppointment(
                NewAppointment(
                    title: title, dateStart: start,
                    dateEnd: WallTime(seconds: start.seconds + 3_600), location: "Hof",
                    customerId: customer)
            ).value.id
        }

        /// `UID STATUS` of each event.
        func events(customer: UInt64? = nil) throws -> [String] {
            let file = try client.getCalendar(customerId: customer)
            let text = String(decoding: file.bytes, as: UTF8.self)
            #expect(text.hasPrefix("BEGIN:VCALENDAR\r\n") && text.hasSuffix("END:VCALENDAR\r\n"))
            var id = ""
            var events: [String] = []
            for line in text.split(separator: "\r\n") {
                if line.hasPrefix("UID:appointment-") {
                    id = String(line.dropFirst(16).prefix { $0 != "@" })
                }
                if line.hasPrefix("STATUS:") { events.append("\(id) \(line.dropFirst(7))") }
            }
            return events
        }
    }

    @Test("shows a deleted appointment as cancelled for 30 days, after a restart too.")
    func cancelled() throws {
        let site = try Site()
        for day in 1...3 { _ = try site.add("t", day: day, customer: day == 3 ? 2 : 1) }
        #expect(try site.events() == ["1 CONFIRMED", "2 CONFIRMED", "3 CONFIRMED"])
        let tag = try #require(try site.client.getCalendar().tag)
        #expect(try site.client.getCalendar(ifNoneMatch: tag) == nil)
        _ = try site.client.deleteAppointment(2)
        #expect(try site.client.getCalendar(ifNoneMatch: tag) != nil)
        let expected = ["2 CANCELLED", "1 CONFIRMED", "3 CONFIRMED"]
        #expect(try site.events() == expected)
        #expect(try site.events(customer: 2) == ["3 CONFIRMED"])
        try site.restart()
        #expect(try site.events() == expected)
        // 29 days on it is still there, 31 days on it is not, and neither is the tag.
        site.clock.milliseconds = 29 * ShiftedClock.day
        let before = try #require(try site.client.getCalendar().tag)
        #expect(try site.events() == expected)
        site.clock.milliseconds = 31 * ShiftedClock.day
        #expect(try site.events() == ["1 CONFIRMED", "3 CONFIRMED"])
        #expect(try site.client.getCalendar(ifNoneMatch: before) != nil)
        // The next deletion takes its remains along.
        _ = try site.client.deleteAppointment(1)
        #expect(try site.events() == ["1 CANCELLED", "3 CONFIRMED"])
        #expect(site.relayd.stop() == 0)
        let check = ChildProcess.run("relayctl", ["check", "--store", site.store])
        #expect(check.code == 0, "\(check.output)")
        let dump = ChildProcess.run("relayctl", ["dump", "--store", site.store])
        #expect(dump.output.split(separator: "\n").filter { $0.contains("cancelledAt") }.count == 1)
        let copy = site.directory.file("copy")
        let file = site.directory.file("dump.jsonl")
        for command in [
            ["dump", "--store", site.store, "--to", file], ["load", "--store", copy, file],
            ["check", "--store", copy],
        ] {
            let outcome = ChildProcess.run("relayctl", command)
            #expect(outcome.code == 0, "\(command): \(outcome.output)")
        }
    }

    @Test("is sent in portions when it is long, each event once and whole.")
    func long() throws {
        let site = try Site()
        let title = String(repeating: "Prüfung; ", count: 20)
        for day in 1...1_200 { _ = try site.add(title, day: day) }
        let events = try site.events()
        #expect(events == (1...1_200).map { "\($0) CONFIRMED" })
        #expect(site.relayd.stop() == 0)
    }
}
