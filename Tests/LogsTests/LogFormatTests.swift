import CivilTime
import JSON
import Testing

@testable import Logs

@Suite struct LogFormatTests {
    private static let time = Timestamp(milliseconds: 1_700_000_000_123)

    private func line(_ format: LogFormat, _ event: LogEvent, hasPriority: Bool = false) -> String {
        String(
            decoding: format.line(event, at: Self.time, hasPriority: hasPriority), as: UTF8.self)
    }

    @Test("logfmt quotes what is more than a word, and an event is one line whatever is in it.")
    func logfmt() {
        let event = LogEvent(
            .warning, "connection_refused", "a \"b\"\nc\u{1b}[31m",
            [("path", .text("/v1/orders?limit=1")), ("user", .number(-7)), ("none", .text(""))])
        #expect(
            line(.logfmt, event) == """
                time=2023-11-14T22:13:20.123Z level=warning event=connection_refused \
                path="/v1/orders?limit=1" user=-7 none="" msg="a \\"b\\"\\nc\\u001b[31m"

                """)
        #expect(
            line(.logfmt, LogEvent(.info, "end", "done")) == """
                time=2023-11-14T22:13:20.123Z level=info event=end msg=done

                """)
    }

    @Test("JSON has the same names.")
    func json() {
        let event = LogEvent(.error, "write_failed", "no\nroom", [("count", .number(3))])
        #expect(
            line(.json, event) == """
                {"time":"2023-11-14T22:13:20.123Z","level":"error","event":"write_failed",\
                "count":3,"msg":"no\\nroom"}

                """)
    }

    @Test("For journald a line begins with its priority, in both formats.")
    func priority() {
        let levels: [(LogLevel, String)] = [(.error, "<3>"), (.warning, "<4>"), (.info, "<6>")]
        for format in LogFormat.allCases {
            for (level, start) in levels {
                let event = LogEvent(level, "end")
                let plain = line(format, event)
                #expect(line(format, event, hasPriority: true) == start + plain)
            }
        }
    }
}
