import Testing

@testable import relaybench

@Suite struct PageScannerTests {
    static func scan(_ text: String, level: Int, pieces: Int = .max) -> PageScanner {
        var scanner = PageScanner(level: level)
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + min(pieces, bytes.count))
            bytes[start..<end].withUnsafeBytes { scanner.read($0) }
            start = end
        }
        return scanner
    }

    static let page = #"""
        [{"id":7,"title":"a \"id\":9 } ] ","address":{"id":900,"x":[1,{"id":3}]}},
         {"title":"id","id": 12 ,"n":"\\"},{"id":"40"}]
        """#

    @Test("Documents and their ids are found however the bytes are split.", arguments: 1...12)
    func pieces(size: Int) {
        let scanner = Self.scan(Self.page, level: 2, pieces: size)
        #expect(scanner.documents == 3)
        #expect(scanner.firstID == 7)
        #expect(scanner.lastID == 40)
        #expect(scanner.isAscending && scanner.isWhole)
    }

    @Test("A record and a wrapped list have their documents at other depths.")
    func levels() {
        #expect(Self.scan(#"{"x":{"id":1},"id":5}"#, level: 1).firstID == 5)
        let wrapped = Self.scan(#"{"units":[{"id":1},{"id":2}]}"#, level: 3)
        #expect(wrapped.documents == 2 && wrapped.lastID == 2 && wrapped.isWhole)
    }

    @Test("Ids that do not ascend are seen.")
    func disorder() {
        #expect(!Self.scan(#"[{"id":2},{"id":1}]"#, level: 2).isAscending)
        #expect(!Self.scan(#"[{"id":2},{"id":2}]"#, level: 2).isAscending)
    }

    @Test(
        "What is no whole page is not taken for one.",
        arguments: [
            #"[{"id":1}"#, #"[{"x":1}]"#, #"[{"id":1}]["#, #"[{"id":1}]]"#, "", #"[{"id":1},{}]"#,
        ])
    func broken(text: String) {
        #expect(!Self.scan(text, level: 2).isWhole)
    }

    @Test("An empty page is whole.")
    func empty() {
        let scanner = Self.scan("[]", level: 2)
        #expect(scanner.isWhole && scanner.documents == 0)
    }
}
