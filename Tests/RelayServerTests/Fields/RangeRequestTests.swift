import Testing

@testable import RelayServer

@Suite("A range of bytes")
struct RangeRequestTests {
    @Test(
        "is read as RFC 9110 has it.",
        arguments: [
            ("bytes=0-0", 10, RangeRequest.part(0..<1)), ("bytes=0-9", 10, .part(0..<10)),
            ("bytes=3-", 10, .part(3..<10)), ("bytes=-3", 10, .part(7..<10)),
            ("bytes=-30", 10, .part(0..<10)), ("bytes=9-99999999999999999999", 10, .part(9..<10)),
            ("BYTES=1-1", 10, .part(1..<2)),
            ("bytes=10-", 10, .unsatisfiable), ("bytes=10-20", 10, .unsatisfiable),
            ("bytes=-0", 10, .unsatisfiable), ("bytes=0-", 0, .unsatisfiable),
            ("bytes=99999999999999999999-", 10, .unsatisfiable),
            ("bytes=5-4", 10, .whole), ("bytes=-", 10, .whole), ("bytes=", 10, .whole),
            ("bytes=0-1,3-4", 10, .whole), ("bytes=a-b", 10, .whole), ("items=0-1", 10, .whole),
            ("bytes=0", 10, .whole), ("bytes= 0-1", 10, .whole), ("bytes=--1", 10, .whole),
        ])
    func matrix(field: String, byteCount: Int, wanted: RangeRequest) {
        let bytes = Array(field.utf8)
        let found = bytes.withUnsafeBytes { RangeRequest($0, byteCount: byteCount) }
        #expect(found == wanted)
    }

    @Test("File names become safe fields, whatever is in them.")
    func dispositions() throws {
        let name = "a\"b\\c%d é.pdf"
        let value = String(decoding: FileName.disposition(name), as: UTF8.self)
        #expect(
            value
                == "attachment; filename=\"a_b_c_d _.pdf\"; "
                + "filename*=UTF-8''a%22b%5Cc%25d%20%C3%A9.pdf")
        #expect(throws: FileName.Fault.control) { _ = try FileName("a\r\nX: y") }
        #expect(throws: FileName.Fault.empty) { _ = try FileName("a/") }
        #expect(throws: FileName.Fault.tooLong) {
            _ = try FileName(String(repeating: "ä", count: 256))
        }
        #expect(try FileName("/x\\y/ä.txt").text == "ä.txt")
    }
}
