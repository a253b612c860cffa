import Testing

@testable import RelayServer

@Suite("The form reader")
struct MultipartReaderTests {
    /// What a reader makes of pieces: each part's name, its file's name and its bytes.
    struct Part: Equatable {
        var name: String
        var file: String?
        var bytes: [UInt8] = []
    }

    private static func read(
        _ body: [UInt8], cutAt cuts: [Int], boundary: String = "xyz"
    ) throws -> [Part] {
        let type = Array("multipart/form-data; boundary=\(boundary)".utf8)
        var reader = try type.withUnsafeBytes { try MultipartReader(contentType: $0) }
        var parts: [Part] = []
        var start = 0
        for end in cuts + [body.count] {
            let piece = Array(body[start..<end])
            start = end
            try piece.withUnsafeBytes { piece in
                var position = 0
                while true {
                    switch try reader.next(piece, &position) {
                    case .needsMore: return
                    case .part(let head): parts.append(Part(name: head.name, file: head.fileName))
                    case .bytes(let range): parts[parts.count - 1].bytes += piece[range]
                    case .heldBack(let count):
                        parts[parts.count - 1].bytes += reader.delimiter[..<count]
                    case .partEnd: break
                    }
                }
            }
        }
        guard reader.isAtEnd else { throw MultipartFault.cutOff }
        return parts
    }

    /// Bytes that look like a delimiter for as long as they can.
    private static let tricky = "\r\n--xy\r\r\n\r\n--\r\n-xyz\n--xyz\r--xyz"
    private static let body = Array(
        ("a preamble\r\n--xyz\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\(tricky)"
            + "\r\n--xyz \t\r\ncontent-disposition:form-data;name=files;filename=\"a;b.txt\"\r\n"
            + "Content-Type: text/plain\r\n\r\n\r\n--xyz--\r\nan epilogue\r\n--xyz\r\n").utf8)
    private static let parts = [
        Part(name: "text", file: nil, bytes: Array(tricky.utf8)),
        Part(name: "files", file: "a;b.txt", bytes: []),
    ]

    @Test("finds the same parts wherever the body is cut in two, or in three.")
    func everyCut() throws {
        let count = Self.body.count
        for first in 0...count {
            #expect(try Self.read(Self.body, cutAt: [first]) == Self.parts)
            for second in stride(from: first, through: count, by: 7) {
                #expect(try Self.read(Self.body, cutAt: [first, second]) == Self.parts)
            }
        }
        #expect(try Self.read(Self.body, cutAt: Array(1..<count)) == Self.parts)
    }

    @Test("does not take the body's end for a part's wherever it is cut off.")
    func cutOff() throws {
        let end = Self.body.count - Array("\r\nan epilogue\r\n--xyz\r\n".utf8).count
        for count in 0..<end {
            #expect(throws: MultipartFault.cutOff) {
                _ = try Self.read(Array(Self.body[..<count]), cutAt: [])
            }
        }
        #expect(try Self.read(Array(Self.body[..<end]), cutAt: []) == Self.parts)
    }

    @Test(
        "takes boundaries of 1 to 70 characters, quoted or not.",
        arguments: [
            ("boundary=a", true), ("boundary=\"a b\"", true), ("boundary=\"a \"", false),
            ("boundary=", false), ("charset=utf-8", false), ("BOUNDARY=a", true),
            ("boundary=\(String(repeating: "a", count: 70))", true),
            ("boundary=\(String(repeating: "a", count: 71))", false), ("boundary=a#b", false),
        ])
    func boundaries(parameter: String, isGood: Bool) {
        let type = Array("multipart/form-data; \(parameter)".utf8)
        let reader = try? type.withUnsafeBytes { try MultipartReader(contentType: $0) }
        #expect((reader != nil) == isGood)
    }

    @Test(
        "refuses parts whose fields it cannot trust.",
        arguments: [
            "", "Content-Type: text/plain\r\n", "Content-Disposition: form-data\r\n",
            "Content-Disposition: attachment; name=a\r\n", "nonsense\r\n",
            "Content-Disposition: form-data; name=a\r\n folded\r\n",
            "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n",
            "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n",
            "Content-Disposition: form-data; name=a; filename*=UTF-8''%zz\r\n",
            "Content-Disposition: form-data; name=a; filename*=KOI8-R''a\r\n",
            "Content-Disposition: form-data; name=a; filename=\"a\u{1}b\"\r\n",
            "X: \(String(repeating: "a", count: 9_000))\r\n",
        ])
    func badHeads(head: String) {
        let body = Array("--xyz\r\n\(head)\r\nx\r\n--xyz--".utf8)
        #expect(throws: MultipartFault.self) { _ = try Self.read(body, cutAt: []) }
    }

    @Test("refuses what follows a boundary and is no line's end.")
    func badDelimiters() {
        for tail in ["x", "-x", " x\r\n", "\r\r\n"] {
            let body = Array("--xyz\(tail)".utf8) + Self.body
            #expect(throws: MultipartFault.badDelimiter) { _ = try Self.read(body, cutAt: []) }
        }
    }
}
