import CivilTime
import Testing

@Suite("Months and local times")
struct CalendarMonthTests {
    private func month(_ text: String) -> CalendarMonth? {
        var text = text
        return text.withUTF8 { CalendarMonth($0) }
    }

    private func wallTime(_ text: String) -> WallTime? {
        var text = text
        return text.withUTF8 { WallTime($0) }
    }

    @Test("A month reads back as it was written, and knows its neighbours.")
    func months() {
        for text in ["0001-01", "2024-02", "1999-12", "9999-12"] {
            #expect(month(text)?.description == text)
        }
        for text in [
            "", "2024", "2024-1", "2024-00", "2024-13", "2024-01-", "24-01", "2024/01", "0000-01",
        ] {
            #expect(month(text) == nil)
        }
        #expect(month("2024-01")?.advanced(by: -1) == month("2023-12"))
        #expect(month("2024-01")?.advanced(by: -12) == month("2023-01"))
        #expect(month("0001-01")?.advanced(by: -1) == nil)
        #expect(month("9999-12")?.advanced(by: 1) == nil)
    }

    @Test("A moment belongs to the month that it is in UTC.")
    func monthOfMoment() {
        for (time, text) in [
            ("2024-02-29T23:59:59.999Z", "2024-02"), ("2024-03-01T00:00:00Z", "2024-03"),
            ("1969-12-31T23:59:59.999Z", "1969-12"), ("0001-01-01T00:00:00Z", "0001-01"),
            ("2024-03-01T00:30:00+01:00", "2024-02"),
        ] {
            #expect(CalendarMonth(of: Timestamp(rfc3339: time)!).description == text)
        }
    }

    @Test("A local time reads back as it was written, and sorts.")
    func wallTimes() {
        let texts = [
            "0000-01-01 00:00:00", "1969-12-31 23:59:59", "1970-01-01 00:00:00",
            "2021-02-06 11:00:00", "2024-02-29 23:59:59", "9999-12-31 23:59:59",
        ]
        #expect(texts.compactMap { wallTime($0)?.description } == texts)
        #expect(texts.compactMap { wallTime($0) } == texts.compactMap { wallTime($0) }.sorted())
        #expect(wallTime("0000-01-01 00:00:00")?.seconds == 0)
        #expect(wallTime("9999-12-31 23:59:59")?.seconds == WallTime.end - 1)
    }

    @Test("Of an RFC 3339 date-time, with or without its offset, the time written in it counts.")
    func rfc3339() {
        for text in [
            "2021-02-06T11:00:00Z", "2021-02-06T11:00:00.999+05:30", "2021-02-06t11:00:00z",
            "2021-02-06 11:00:00Z", "2021-02-06T11:00:00", "2021-02-06T11:00:00.5",
            "2021-02-06 11:00:00.5",
        ] {
            #expect(wallTime(text)?.description == "2021-02-06 11:00:00")
        }
        for text in [
            "2021-02-06T11:00", "2021-02-06_11:00:00", "2021-02-06T11:00:00+",
            "2021-02-30 11:00:00", "2021-02-06 24:00:00", "2021-02-06",
            "2021-02-06  11:00:00", "2021-02-06 11:00", "2021-02-06 11:00:60",
            "2021-02-06 11:00:00 ", "",
        ] {
            #expect(wallTime(text) == nil, "\(text)")
        }
    }
}
