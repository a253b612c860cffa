import Testing

@testable import RelayServer

@Suite("A content among the members of a body")
struct ContentSplitterTests {
    private static func split(
        _ text: String, cutAt cut: Int
    ) -> (content: [UInt8], count: Int, rest: String) {
        var splitter = ContentSplitter()
        var content: [UInt8] = []
        var count = 0
        let bytes = Array(text.utf8)
        for piece in [Array(bytes[..<cut]), Array(bytes[cut...])] {
            piece.withUnsafeBytes { piece in
                var position = 0
                while true {
                    switch splitter.next(piece, &position) {
                    case .needsMore: return
                    case .begin: count += 1
                    case .content(let range): content += piece[range]
                    case .escaped(let character): content.append(character)
                    case .end: break
                    }
                }
            }
        }
        return (content, count, String(decoding: splitter.rest, as: UTF8.self))
    }

    @Test(
        "is parted from them wherever the body is cut.",
        arguments: [
            (#"{"content":"QUJD"}"#, "QUJD", 1, #"{"content":"AAAA"}"#),
            (#"{ "a" : "content", "content" : "\/\u002B" }"#, "/+", 1, nil),
            (#"{"m":{"content":"x"},"content":""}"#, "", 1, #"{"m":{"content":"x"},"content":""}"#),
            (#"{"\"content":"x","contents":"y"}"#, "", 0, nil),
            (#"{"content":["x"],"b":"\\"}"#, "", 0, nil),
            (#"["content","x"]"#, "", 0, #"["content","x"]"#),
            (#"{"a":["content"],"content":"A\n"}"#, "A\0", 1, nil),
        ])
    func everyCut(text: String, content: String, count: Int, rest: String?) {
        for cut in 0...text.utf8.count {
            let found = Self.split(text, cutAt: cut)
            #expect(found.content == Array(content.utf8))
            #expect(found.count == count)
            if let rest { #expect(found.rest == rest) }
        }
    }
}
