import Testing

@testable import JSON

@Suite struct JSONParserTests {
    private func fault(_ text: String) -> JSONFault? {
        do throws(JSONFault) {
            try JSONParser().parse(Array(text.utf8)) { _ in }
            return nil
        } catch {
            return error
        }
    }

    @Test("Every kind of value is told apart.")
    func kinds() throws {
        let text = #"[{}, [], "s", -7, 9223372036854775808, 1.5, true, null]"#
        let kinds = try JSONParser().parse(Array(text.utf8)) { $0.elements.map(\.kind) }
        #expect(
            kinds == [
                .object, .array, .string, .integer, .largeInteger, .double, .boolean, .null,
            ])
    }

    @Test("Members come in the order of the text, duplicates included.")
    func members() throws {
        let text = #"{"b": 1, "a": {"x": [1, {"y": 2}]}, "b": 3, "c\u0061": "ü"}"#
        try JSONParser().parse(Array(text.utf8)) { root in
            let names = root.members.map { String($0.name) }
            #expect(names == ["b", "a", "b", "ca"])
            #expect(root["b"]?.integer == 1)
            #expect(root["a"]?["x"]?.elements.map(\.kind) == [.integer, .object])
            #expect(root["ca"]?.string.map { String($0) } == "ü")
            #expect(root["none"] == nil)
        }
    }

    @Test("Containers without content have none.")
    func empties() throws {
        try JSONParser().parse(Array(#"[{}, [], [[]], 1]"#.utf8)) { root in
            let parts = Array(root.elements)
            #expect(parts.count == 4)
            #expect(Array(parts[0].members).isEmpty)
            #expect(Array(parts[1].elements).isEmpty)
            #expect(Array(parts[2].elements).count == 1)
            #expect(Array(parts[3].members).isEmpty)
            #expect(Array(parts[3].elements).isEmpty)
        }
    }

    @Test(
        "A whole number is an integer however it is written, and none is ever rounded.",
        arguments: [
            ("0", 0), ("-0", 0), ("1.0", 1), ("1e3", 1000), ("-2.50e1", -25),
            ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
            ("9007199254740992.0", 9_007_199_254_740_992), ("1.5", nil),
            ("9007199254740994.0", nil), ("1e300", nil), ("9223372036854775808", nil),
            ("\"1\"", nil), ("true", nil),
        ] as [(String, Int64?)])
    func integers(text: String, expected: Int64?) throws {
        let integer = try JSONParser().parse(Array(text.utf8)) { $0.integer }
        #expect(integer == expected)
    }

    @Test(
        "What is not JSON is refused with its reason and its place.",
        arguments: [
            ("", .empty, 0), (" \n ", .empty, 3), ("{", .unexpectedEnd, 1),
            ("[1,]", .unexpectedByte, 3), ("{\"a\":1,}", .unexpectedByte, 7),
            ("{\"a\" 1}", .unexpectedByte, 5), ("{a: 1}", .unexpectedByte, 1),
            ("[1] 2", .trailingBytes, 4), ("{}}", .trailingBytes, 2), ("01", .badNumber, 0),
            ("[-]", .badNumber, 1), ("1.", .badNumber, 0), ("[1e]", .badNumber, 1),
            ("+1", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0), ("tru", .unexpectedEnd, 3),
            ("nulL", .unexpectedByte, 3), ("\"\u{1}\"", .controlCharacter, 1),
            ("\"a", .unexpectedEnd, 2), ("\"\\x\"", .badEscape, 1), ("\"\\u00g0\"", .badEscape, 1),
            ("\"\\ud800\"", .loneSurrogate, 1), ("\"x\\udc00\"", .loneSurrogate, 2),
            ("\"\\ud800\\u0041\"", .loneSurrogate, 1),
            ("[1e999, 2", .unexpectedEnd, 9), ("[18446744073709551616 1]", .unexpectedByte, 22),
        ] as [(String, JSONFault.Reason, Int)])
    func faults(text: String, reason: JSONFault.Reason, offset: Int) {
        let fault = fault(text)
        #expect(fault?.reason == reason)
        #expect(fault?.offset == offset)
    }

    @Test("Numbers beyond every double are infinite, each in its place; the others are as sent.")
    func largeNumbers() throws {
        let (wide, wider) = ("18446744073709551615", "-1\(String(repeating: "0", count: 400))")
        let text = "{\"a\":[1,1e999,2.5],\"b\":\"1e999\",\"c\":\(wider),\"d\":\(wide)}"
        let numbers = try JSONParser().parse(Array(text.utf8)) { root in
            Array(root["a"]!.elements).map(\.double) + [root["c"]!.double, root["d"]!.double]
        }
        #expect(numbers == [1, .infinity, 2.5, -.infinity, 0x1p64])
        let kinds = try JSONParser().parse(Array("[1e999,-1e999,1e308]".utf8)) { root in
            Array(root.elements).map(\.kind)
        }
        #expect(kinds == [.largeInteger, .largeInteger, .double])
    }

    @Test("A fault names its line and column.")
    func place() {
        let fault = fault("{\n  \"a\": 1,\n  \"b\" 2\n}")
        #expect(fault?.line == 3)
        #expect(fault?.column == 7)
        #expect(fault?.description == "unexpected character at line 3, column 7")
    }

    @Test(
        "Invalid UTF-8 is refused, valid is kept.",
        arguments: [
            ([0xFF], false), ([0xC0, 0x80], false), ([0xE0, 0x80, 0x80], false),
            ([0xED, 0xA0, 0x80], false), ([0xF4, 0x90, 0x80, 0x80], false), ([0xC3], false),
            ([0xC3, 0xBC], true), ([0xE2, 0x82, 0xAC], true), ([0xF0, 0x9F, 0x8F, 0xA0], true),
        ] as [([UInt8], Bool)])
    func encoding(bytes: [UInt8], isValid: Bool) {
        let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
        let kept = try? JSONParser().parse(text) { Array($0.string!.bytes) }
        #expect(kept == (isValid ? bytes : nil))
        let fault = text.withUnsafeBytes { JSONScanner.firstFault(in: $0) }
        #expect((fault == nil) == isValid)
    }

    @Test("Surrogate pairs make one scalar.")
    func surrogates() throws {
        let string = try JSONParser().parse(Array(#""\ud83C\uDFE0 \\ud800""#.utf8)) {
            String($0.string!)
        }
        #expect(string == "🏠 \\ud800")
    }

    @Test("Nesting ends at the limit, in both directions and in scanner and parser alike.")
    func depth() {
        for depth in [1, 63, 64, 254, 255, 256, 257, 2000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let text =
                    String(repeating: open, count: depth) + "1"
                    + String(repeating: close, count: depth)
                #expect(fault(text)?.reason == (depth < Limits.depth ? nil : .tooDeep), "\(depth)")
            }
        }
    }

    @Test("One parser serves small and large documents in turn and gives the memory back.")
    func reuse() throws {
        let parser = JSONParser()
        let large = "[" + String(repeating: "\"0123456789\",", count: 100_000) + "1]"
        for _ in 0..<3 {
            #expect(try parser.parse(Array(large.utf8)) { Array($0.elements).count } == 100_001)
            #expect(try parser.parse(Array("[1]".utf8)) { Array($0.elements).count } == 1)
            #expect((try? parser.parse(Array("[".utf8)) { _ in }) == nil)
        }
    }

    @Test("The scanner agrees with simdjson on thousands of damaged documents.")
    func agreement() {
        let sound = Array(
            #"{"a":[1,-2.5e3,true,null,"ü\n\u00e9"],"b":{"c":"🏠","d":[]},"e":18446744073709551615}"#
                .utf8)
        var random = SystemRandomNumberGenerator()
        let parser = JSONParser()
        for _ in 0..<20_000 {
            var text = sound
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text[place] = UInt8.random(in: 0...255, using: &random)
                case 1: text.remove(at: place)
                default: text.insert(text.randomElement(using: &random)!, at: place)
                }
            }
            let isParsed = (try? parser.parse(text) { _ in }) != nil
            let isScanned = text.withUnsafeBytes { JSONScanner.firstFault(in: $0) } == nil
            #expect(isParsed == isScanned, "\(String(decoding: text, as: UTF8.self))")
        }
    }
}
