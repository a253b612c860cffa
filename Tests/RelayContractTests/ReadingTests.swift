import CivilTime
import JSON
import Testing

@testable import RelayContract

/// The rules by which single values are read, whichever schema uses them.
@Suite struct ReadingTests {
    private func read<Value>(
        _ text: String, _ rule: (inout Faults, JSONValue) -> Value?
    ) throws -> (value: Value?, faults: [String]) {
        try JSONParser().parse(Array(text.utf8)) { value in
            var faults = Faults()
            let result = rule(&faults, value)
            return (result, faults.listed.map { "\($0.pointer) \($0.code.name)" })
        }
    }

    @Test("A number has a range; an integer is one too, and minus zero is zero.")
    func numbers() throws {
        func number(_ text: String) throws -> (value: Double?, faults: [String]) {
            try read(text) { $0.number($1, in: 0...1e6) }
        }
        #expect(try number("12.75").value == 12.75)
        #expect(try number("7").value == 7)
        #expect(try number("-0.0").value?.sign == .plus)
        #expect(try number("-0.1").faults == [" out_of_range"])
        #expect(try number("1e7").faults == [" out_of_range"])
        #expect(try number("18446744073709551615").faults == [" out_of_range"])
        #expect(try number(#""7""#).faults == [" type"])
        #expect(try number("null").faults == [" null_value"])
    }

    @Test("An array of scalars reads each; a unique one names what is there again.")
    func arrays() throws {
        let words = try read(#"["OPEN", "DECLINED", "open"]"#) { faults, value in
            faults.array(value, count: 0...3) { (value, faults) -> OrderStatus? in
                faults.choice(value)
            }
        }
        #expect(words.faults == ["/2 enum"])
        let unique = try read("[1, 2, 1]") { faults, value in
            faults.uniqueArray(value, count: 0...3) { $1.integer($0, in: 0...9) }
        }
        #expect(unique.faults == ["/2 not_unique"])
    }

    @Test("A free-form object is kept compact, in order, with its numbers as exact as they came.")
    func freeObjects() throws {
        let text = #"""
            { "b" : [ 1, -9223372036854775808, 18446744073709551615, 0.1 ], "a": {"ü\n": null},
              "c": true, "d": "\u00e4" }
            """#
        let read = try read(text) { $0.freeObject($1) }
        #expect(read.faults.isEmpty)
        let kept = String(decoding: read.value?.bytes ?? [], as: UTF8.self)
        #expect(
            kept
                == #"{"b":[1,-9223372036854775808,18446744073709551615,0.1],"#
                + #""a":{"ü\n":null},"c":true,"d":"ä"}"#)
    }

    @Test("A free-form object has no name twice, on any level.")
    func freeDuplicates() throws {
        #expect(
            try self.read(#"{"a": 1, "a": 1}"#) { $0.freeObject($1) }.faults == [
                "/a duplicate_member"
            ])
        let deep = try read(#"{"x": {"y": [{"a/b": 1, "a/b": 1}]}}"#) { $0.freeObject($1) }
        #expect(deep.faults == ["/x/y/0/a~1b duplicate_member"])
        #expect(try self.read("[]") { $0.freeObject($1) }.faults == [" type"])
    }

    private func query<Value>(
        _ text: String, _ rule: (inout Faults, QueryText) -> Value?
    ) -> (value: Value?, faults: [String]) {
        Array(text.utf8).withUnsafeBytes { bytes in
            var faults = Faults()
            let value = rule(&faults, QueryText(bytes))
            return (value, faults.listed.map { "\($0.pointer) \($0.code.name)" })
        }
    }

    @Test("Query parameters are booleans, times, texts and words of a closed set.")
    func parameters() {
        #expect(query("true") { $0.boolean("p", $1) }.value == true)
        #expect(query("f%61lse") { $0.boolean("p", $1) }.value == false)
        #expect(query("TRUE") { $0.boolean("p", $1) }.faults == ["?p type"])
        #expect(
            query("2026-02-06T11:00:00%2B01:00") { $0.time("p", $1) }.value
                == Timestamp(rfc3339: "2026-02-06T10:00:00.000Z"))
        #expect(query("2026-02-30T11:00:00Z") { $0.time("p", $1) }.faults == ["?p format"])
        #expect(query("IN_PROGRESS") { $0.choice("p", $1) }.value == OrderStatus.inProgress)
        let wrong: (OrderStatus?, [String]) = query("in_progress") { $0.choice("p", $1) }
        #expect(wrong.1 == ["?p enum"])
        #expect(query("%C3%BC+b") { $0.text("p", $1, length: 1...3) }.value == "ü b")
        #expect(query("%C3") { $0.text("p", $1, length: 1...3) }.faults == ["?p out_of_range"])
        #expect(query("") { $0.text("p", $1, length: 1...3) }.faults == ["?p out_of_range"])
    }
}
