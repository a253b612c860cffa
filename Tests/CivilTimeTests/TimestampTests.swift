import CivilTime
import Glibc
import Testing

@Suite struct TimestampTests {
    @Test(
        "RFC 3339 times are read to the millisecond, whatever their offset.",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2019-08-24T14:15:22Z", 1_566_656_122_000),
            ("2019-08-24t14:15:22.5z", 1_566_656_122_500),
            ("2019-08-24T16:15:22.123456789+02:00", 1_566_656_122_123),
            ("2019-08-23T23:45:22.120-14:30", 1_566_656_122_120),
            ("1969-12-31T23:59:59.999Z", -1), ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)])
    func reading(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(
        "What is no moment is refused.",
        arguments: [
            "", "2019-08-24", "2019-08-24 14:15:22Z", "2019-08-24T14:15:22",
            "2019-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "1900-02-29T00:00:00Z",
            "2019-13-01T00:00:00Z", "2019-00-01T00:00:00Z", "2019-04-31T00:00:00Z",
            "2019-01-00T00:00:00Z", "2019-08-24T24:00:00Z", "2019-08-24T14:60:00Z",
            "2019-08-24T14:15:60Z", "2019-08-24T14:15:22.Z", "2019-08-24T14:15:22+2:00",
            "2019-08-24T14:15:22+24:00", "2019-08-24T14:15:22+02:60", "2019-08-24T14:15:22Zx",
            "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "02019-08-24T14:15:22Z",
            "-019-08-24T14:15:22Z",
        ])
    func refusing(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("Times are written in UTC with milliseconds.")
    func writing() {
        #expect(Timestamp(milliseconds: 0).description == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp.earliest.description == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp.latest.description == "9999-12-31T23:59:59.999Z")
    }

    @Test("Every day from 0000 to 9999 is what the C library says it is, and reads back.")
    func calendar() {
        var day = Timestamp.earliest.milliseconds / 86_400_000
        while day * 86_400_000 < Timestamp.latest.milliseconds {
            let timestamp = Timestamp(milliseconds: day * 86_400_000 + 45_296_789)
            var seconds = time_t(timestamp.milliseconds.floored(by: 1000))
            var parts = tm()
            gmtime_r(&seconds, &parts)
            let text = timestamp.description
            let year = String(parts.tm_year + 1900)
            let expected =
                String(repeating: "0", count: 4 - year.count) + year
                + "-\(parts.tm_mon + 1 < 10 ? "0" : "")\(parts.tm_mon + 1)"
                + "-\(parts.tm_mday < 10 ? "0" : "")\(parts.tm_mday)T12:34:56.789Z"
            #expect(text == expected)
            #expect(Timestamp(rfc3339: text) == timestamp)
            // A prime step meets every weekday, month and leap rule without trying 3.6 million days.
            day += 37
        }
    }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> Int64 {
        self / divisor - (self % divisor < 0 ? 1 : 0)
    }
}
