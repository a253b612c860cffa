import Testing

@testable import JSON

@Suite struct JSONWriterTests {
    private func text(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("Commas stand between members and elements and nowhere else.")
    func commas() {
        let text = text { writer in
            writer.beginObject()
            writer.member("a", 1)
            writer.name("b")
            writer.beginArray()
            writer.beginObject()
            writer.endObject()
            writer.value("x" as String)
            writer.beginArray()
            writer.endArray()
            writer.null()
            writer.endArray()
            writer.member("c", true)
            writer.name("d")
            writer.beginObject()
            writer.member("e", digits: 7)
            writer.endObject()
            writer.member("f", constant: "g")
            writer.endObject()
        }
        #expect(
            text == #"{"a":1,"b":[{},"x",[],null],"c":true,"d":{"e":"7"},"f":"g"}"#)
    }

    @Test("Strings are escaped where they must be, and only there.")
    func escapes() {
        let text = text { $0.value("a\"b\\c/\u{0}\u{8}\t\n\u{c}\r\u{1f}\u{7f}ü🏠") }
        #expect(text == "\"a\\\"b\\\\c/\\u0000\\b\\t\\n\\f\\r\\u001f\u{7f}ü🏠\"")
    }

    @Test("What is written reads back, for every byte below 256 and at every place.")
    func roundTrip() throws {
        for scalar in (0..<256).compactMap({ Unicode.Scalar($0) }) {
            let string = "x\(scalar)\(scalar)y"
            let read = try JSONParser().parse(Array(text { $0.value(string) }.utf8)) {
                String($0.string!)
            }
            #expect(read == string)
        }
    }

    @Test("Numbers keep their value at the ends of their range.")
    func numbers() {
        #expect(text { $0.value(Int.min) } == "-9223372036854775808")
        #expect(text { $0.value(UInt64.max) } == "18446744073709551615")
        #expect(text { $0.value(0) } == "0")
        for double in [0.1, -5, 1e-7, 1e300, .leastNonzeroMagnitude] {
            let read = try? JSONParser().parse(Array(text { $0.value(double) }.utf8)) {
                $0.double
            }
            #expect(read == double)
        }
    }

    @Test("A writer starts over in its own storage.")
    func reset() {
        var writer = JSONWriter()
        writer.beginArray()
        writer.value(1)
        writer.reset()
        writer.value(2)
        #expect(writer.bytes == [UInt8(ascii: "2")])
    }
}
