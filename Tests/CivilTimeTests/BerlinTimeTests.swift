import CivilTime
import TestSupport
import Testing

@Suite("Time in Berlin")
struct BerlinTimeTests {
    @Test("A month begins in Berlin one hour before it does in UTC, in summer two.")
    func months() throws {
        for (time, text) in [
            ("2025-12-31T22:59:59.999Z", "2025-12"), ("2025-12-31T23:00:00Z", "2026-01"),
            ("2026-06-30T21:59:59.999Z", "2026-06"), ("2026-06-30T22:00:00Z", "2026-07"),
            // The clocks have changed on the last day of the month, and on the day before.
            ("2024-03-31T21:59:59.999Z", "2024-03"), ("2024-03-31T22:00:00Z", "2024-04"),
            ("2021-10-31T22:59:59.999Z", "2021-10"), ("2021-10-31T23:00:00Z", "2021-11"),
            ("9999-12-31T23:59:59.999Z", "9999-12"),
        ] {
            let moment = try #require(Timestamp(rfc3339: time))
            #expect(CalendarMonth(inBerlin: moment).description == text, "\(time)")
        }
    }

    @Test("Every half hour of 41 years has the offset that the tz database gives it.")
    func tzDatabase() throws {
        // 1996-01-01 to 2037-01-01 in UTC, as Python's zoneinfo knows it.
        let program = """
            from datetime import datetime, timezone
            from zoneinfo import ZoneInfo
            berlin = ZoneInfo("Europe/Berlin")
            last = None
            for half in range(820454400 // 1800, 2114380800 // 1800):
                moment = datetime.fromtimestamp(half * 1800, timezone.utc)
                offset = int(moment.astimezone(berlin).utcoffset().total_seconds())
                if offset != last:
                    print(half * 1800, offset)
                    last = offset
            """
        let outcome = ChildProcess.run("python3", ["-c", program])
        try #require(outcome.code == 0, "\(outcome.output)")
        var changes: [[Int64]] = []
        var last: Int64?
        for half in Int64(820_454_400 / 1_800)..<Int64(2_114_380_800 / 1_800) {
            let offset = Timestamp(milliseconds: half * 1_800_000).berlinOffset / 1_000
            if offset != last { changes.append([half * 1_800, offset]) }
            last = offset
        }
        let expected = outcome.output.split(separator: "\n").map { line in
            line.split(separator: " ").compactMap { Int64($0) }
        }
        #expect(changes == expected && changes.count == 83)
    }
}
