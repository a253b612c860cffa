import Testing

@testable import JSON

/// What of a number's text is kept.
@Suite struct NumberTests {
    @Test(
        "A number is what it says, or is told to be inexact.",
        arguments: [
            ("0.1", 0.1), ("1.10", 1.1), ("1e2", 100), ("0.0", 0), ("-0.0", 0), ("0e999", 0),
            ("100000000000000000000", 1e20), ("1e23", 1e23), ("5e-324", .leastNonzeroMagnitude),
            ("1.7976931348623157e308", 1.7976931348623157e308), ("9007199254740992.0", 0x1p53),
            ("0.30000000000000004", 0.1 + 0.2), ("123456789012345.6", 123456789012345.6),
            ("1.0000000000000000", 1), ("2.2250738585072014e-308", 2.2250738585072014e-308),
            ("18446744073709552000", 0x1p64), ("1.8446744073709552e+19", 0x1p64),
            ("2e-324", nil), ("4.9e-324", nil), ("1e-400", nil), ("1e-999999999999999999999", nil),
            ("0.1000000000000000055511151231257827", nil), ("9007199254740993.0", nil),
            ("18446744073709551616", nil), ("18446744073709551616.0", nil),
            ("1.00000000000000000001", nil), ("0.30000000000000003", nil),
            ("123456789012345678901234567890", nil), ("9007199254740991.5", nil),
        ] as [(String, Double?)])
    func exactness(text: String, expected: Double?) throws {
        // Among others, so that the one that is told is the right one.
        let json = "[1.5,{\"a\":\"1e-400\",\"b\":\(text)},12345678901234567,2.5]"
        try JSONParser().parse(Array(json.utf8)) { root in
            let all = Array(root.elements)
            #expect(all[0].double == 1.5)
            #expect(all[2].integer == 12_345_678_901_234_567)
            #expect(all[3].double == 2.5)
            let value = all[1]["b"]
            #expect(value?.keptDouble == expected)
            #expect(value?.isInexact == (expected == nil))
            if expected == nil { #expect(value?.integer == nil) }
        }
    }

    @Test("An integer of 64 bits is itself, and a double only where both are the same.")
    func wideIntegers() throws {
        for (text, isKept) in [
            ("9007199254740991", true), ("9007199254740992", true), ("9007199254740993", false),
            ("9007199254740994", true), ("-9007199254740993", false),
            ("9223372036854775807", false), ("18446744073709551615", false),
            ("1000000000000000000", true), ("1152921504606846976", false),
        ] {
            try JSONParser().parse(Array(text.utf8)) { value in
                #expect(!value.isInexact)
                #expect((value.keptDouble != nil) == isKept, "\(text)")
                let whole = value.integer.map { "\($0)" } ?? value.largeInteger.map { "\($0)" }
                #expect(whole == text)
            }
        }
    }

    @Test("What any double is written as is kept, and equals what was written.")
    func everyDouble() throws {
        var random = SystemRandomNumberGenerator()
        let parser = JSONParser()
        for _ in 0..<20_000 {
            let double = Double(bitPattern: random.next())
            guard double.isFinite else { continue }
            var writer = JSONWriter()
            writer.value(double)
            let read = try parser.parse(writer.bytes) { $0.keptDouble }
            #expect(read == double, "\(String(decoding: writer.bytes, as: UTF8.self))")
        }
    }
}
