import Testing

@testable import Metrics

@Suite struct ExpositionTests {
    private func text(_ format: Exposition.Format, _ body: (inout Exposition) -> Void) -> String {
        var exposition = Exposition(format)
        body(&exposition)
        return String(decoding: exposition.bytes, as: UTF8.self)
    }

    @Test("The formats differ in the name of a counter's family and in the last line.")
    func formats() {
        func sample(_ exposition: inout Exposition) {
            exposition.counter("a", "What.", 7, [("b", "x\"y\\z\n")])
            exposition.counter("a", "What.", 8)
        }
        #expect(
            text(.prometheus, sample) == """
                # HELP a_total What.
                # TYPE a_total counter
                a_total{b="x\\"y\\\\z\\n"} 7
                a_total 8

                """)
        #expect(
            text(.openMetrics, sample) == """
                # HELP a What.
                # TYPE a counter
                a_total{b="x\\"y\\\\z\\n"} 7
                a_total 8
                # EOF

                """)
    }

    @Test("A histogram's buckets add up, in seconds where they are times.")
    func histogram() {
        let lines = text(.prometheus) {
            $0.histogram(
                "a_seconds", "What.", HistogramValues(.microseconds, counts: [1, 2]), [("k", "v")])
        }.split(separator: "\n")
        #expect(lines[1] == "# TYPE a_seconds histogram")
        #expect(lines[2] == #"a_seconds_bucket{k="v",le="0.000008"} 1"#)
        #expect(lines[3] == #"a_seconds_bucket{k="v",le="0.000016"} 3"#)
        #expect(lines[lines.count - 4] == #"a_seconds_bucket{k="v",le="16.777216"} 3"#)
        #expect(lines[lines.count - 3] == #"a_seconds_bucket{k="v",le="+Inf"} 3"#)
        #expect(lines[lines.count - 1] == #"a_seconds_count{k="v"} 3"#)
    }

    @Test(
        "A number is told in the base unit.",
        arguments: [
            (UInt64(0), "0.0"), (1, "0.000001"), (1_500_000, "1.5"), (12_000_000, "12.0"),
            (.max, "18446744073709.551615"),
        ])
    func decimal(value: UInt64, text: String) {
        #expect(Exposition.decimal(value, .microseconds) == text)
    }

    @Test(
        "OpenMetrics is for who asks for it.",
        arguments: [
            ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain", true),
            ("Application/OpenMetrics-Text", true), ("*/*", false), ("", false),
            ("application/openmetrics-tex", false),
        ])
    func negotiation(accept: String, isOpen: Bool) {
        #expect((Exposition.Format(accept: accept.utf8) == .openMetrics) == isOpen)
    }
}
