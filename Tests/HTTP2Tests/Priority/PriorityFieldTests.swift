import Testing

@testable import HTTP2

@Suite("The value of a priority field")
struct PriorityFieldTests {
    @Test(
        "says how urgent, and whether in parts.",
        arguments: [
            ("", 3, false), ("u=0", 0, false), ("u=7, i", 7, true), ("i", 3, true),
            ("i=?1", 3, true), ("i=?0", 3, false), ("u=5,i=?1", 5, true),
            ("  u=1 \t,\ti  ", 1, true),
            ("u=1, u=6", 6, false), ("i, i=?0", 3, false), ("u=2;x=1;y, i;z=\"a\"", 2, true),
        ])
    func said(value: String, urgency: Int, isIncremental: Bool) {
        expect(value, urgency, isIncremental)
    }

    @Test(
        "says nothing in members that are unknown, of another type or out of range.",
        arguments: [
            ("u=8", 3, false), ("u=-1", 3, false), ("u=1.5", 3, false), ("u=?1", 3, false),
            ("u=\"1\"", 3, false), ("u", 3, false), ("u=(1 2)", 3, false), ("i=1", 3, false),
            ("i=yes, u=1", 1, false), ("uu=1, ii", 3, false), ("*a=1, u=4", 4, false),
            ("x=:YWJj:, y=*t/o:k, z=-999999999999.125, u=4", 4, false),
            ("x=(\"a\\\"b\" c;d=1 );e, u=4", 4, false), ("x=()", 3, false), ("U=1", 3, false),
        ])
    func unknown(value: String, urgency: Int, isIncremental: Bool) {
        expect(value, urgency, isIncremental)
    }

    @Test(
        "says nothing at all if it is no Dictionary.",
        arguments: [
            "u=1,", "u=1 i", ",u=1", "u=1,,i", "u=", "=1", "u=1;", "u=1;=2", "i=?2", "i=?", "u=01x",
            "u=1, x=\"a", "u=1, x=\"a\\n\"", "u=1, x=\"\u{7F}\"", "u=1, x=:YWJj", "u=1, x=(1",
            "u=1, x=(1,2)",
            "u=1, x=1.", "u=1, x=1.1234", "u=1, x=1234567890123.1", "u=1, x=1234567890123456",
            "u=--1",
            "u=1, x=@1", "u=1, \u{E9}=1", "u=1\u{0}",
        ])
    func malformed(value: String) {
        expect(value, 3, false)
    }

    private func expect(_ value: String, _ urgency: Int, _ isIncremental: Bool) {
        let bytes = Array(value.utf8)
        let priority = bytes.withUnsafeBytes { Priority($0) }
        #expect(Int(priority.urgency) == urgency, "\(value)")
        #expect(priority.isIncremental == isIncremental, "\(value)")
    }
}
