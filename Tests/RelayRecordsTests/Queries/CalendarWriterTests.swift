import CivilTime
import RelayContract
import Testing

@testable import RelayRecords

@Suite("Calendars")
struct CalendarWriterTests {
    private func wallTime(_ text: String) throws -> WallTime {
        var text = text
        return try #require(text.withUTF8 { WallTime($0) })
    }

    private func lines(_ title: String) throws -> [String] {
        var writer = CalendarWriter()
        writer.event(
            Appointment(
                id: 6, title: title, description: nil,
                dateStart: try wallTime("2026-02-06 11:00:00"),
                dateEnd: try wallTime("2026-02-06 12:30:00"), location: "l", customerId: 1),
            account: 3, version: 7, changed: Timestamp(rfc3339: "2026-01-02T03:04:05.678Z"),
            isCancelled: false)
        let text = String(decoding: writer.bytes, as: UTF8.self)
        #expect(text.hasSuffix("\r\n"))
        return text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map { line in
                #expect(line.last == "\r")
                return String(String.UnicodeScalarView(line.dropLast()))
            }
    }

    @Test("An event has its id, its times as the wall shows them, and a sequence.")
    func event() throws {
        #expect(
            try lines("t") == [
                "BEGIN:VEVENT", "UID:appointment-6@account-3.relay", "DTSTAMP:20260102T030405Z",
                "SEQUENCE:7", "DTSTART:20260206T110000", "DTEND:20260206T123000", "SUMMARY:t",
                "LOCATION:l", "STATUS:CONFIRMED", "END:VEVENT",
            ])
    }

    @Test("What has a meaning in a text is escaped, and no control character gets in.")
    func escapes() throws {
        let summary = try lines("a;b,c\\d\r\ne\nf\rg\th\u{0}\u{1B}i\u{7F}:\"")[6]
        #expect(summary == "SUMMARY:a\\;b\\,c\\\\d\\ne\\nf\\ng\th  i :\"")
    }

    @Test("No line has more than 75 octets, and none is folded within a character.")
    func folding() throws {
        for length in 60...160 {
            let title = String(repeating: "ü🏠a", count: length / 3)
            let lines = try lines(title)
            #expect(lines.allSatisfy { $0.utf8.count <= 75 })
            let summary = lines.filter { $0.hasPrefix("SUMMARY:") || $0.hasPrefix(" ") }
            let unfolded = summary.map { $0.hasPrefix(" ") ? String($0.dropFirst()) : $0 }.joined()
            #expect(unfolded == "SUMMARY:" + title)
        }
    }
}
