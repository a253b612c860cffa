import JSON
import TestSupport
import Testing

@testable import RelayContract
@testable import RelayServer

/// What the published patterns let through is what is accepted, and nothing else.
@Suite("Patterns of the contract")
struct PatternTests {
    /// Where a pattern stands in openapi.json as it is served, and who reads what it is about.
    struct Rule: Sendable, CustomTestStringConvertible {
        var name: String
        var samples: [String]
        var accepts: @Sendable (String) -> Bool

        var testDescription: String { name }
    }

    private static func reads<Value>(_ read: (inout Faults) -> Value?) -> Bool {
        var faults = Faults()
        return read(&faults) != nil && faults.isEmpty
    }

    /// Reads a JSON string by a rule for bodies.
    private static func body(
        _ text: String, _ rule: (inout Faults, JSONValue) -> Bool
    ) -> Bool {
        var writer = JSONWriter()
        writer.value(text)
        let isRead = try? JSONParser().parse(writer.bytes) { value in
            var faults = Faults()
            return rule(&faults, value) && faults.isEmpty
        }
        return isRead ?? false
    }

    private static let numbers = [
        "0", "1", "9", "10", "00", "01", "4711", "999999999999999", "1000000000000000",
        "9007199254740991", "9007199254740992", "9007199254740990", "9007199254740999",
        "9007199254741000", "9007199254739999", "9007199254640991", "8999999999999999",
        "9000000000000000", "9006999999999999", "9007200000000000", "9007199300000000",
        "9007199254750000", "9999999999999999", "10000000000000000", "-1", "+1", "1.0", "1e3", " 1",
        "1 ", "", "１", "0x1", "9007199254740981", "9007199154740991", "9007198954740991",
    ]
    private static let days = [
        "2026-02-06", "2024-02-29", "2023-02-29", "2000-02-29", "1900-02-29", "0000-02-29",
        "0004-02-29", "2026-02-30", "2026-04-31", "2026-12-31", "2026-13-01", "2026-00-01",
        "2026-01-00", "2026-01-32", "9999-12-30", "0000-01-02", "26-01-01", "2026-1-1",
    ]
    private static let clocks = [
        "11:00:00", "23:59:59", "24:00:00", "00:60:00", "00:00:60", "1:00:00", "00:00",
        "11:00:00.5", "11:00:00.123456789", "11:00:00.", "11:00:00,5",
    ]
    private static let times =
        days.flatMap { day in
            clocks.prefix(3).map { "\(day)T\($0)Z" }
        }
        + clocks.flatMap { clock in
            ["T", "t", " ", "_", ""].flatMap { mark in
                ["", "Z", "z", "+01:00", "-23:59", "+24:00", "+1:00", "+0100", " +01:00"].map {
                    "2026-02-06\(mark)\(clock)\($0)"
                }
            }
        }

    static let rules: [Rule] = [
        Rule(name: "IdText", samples: numbers) { text in
            body(text) { $0.id($1, .text) != nil }
        },
        Rule(name: "IdReference", samples: numbers) { text in
            body(text) { $0.id($1, .either) != nil }
        },
        Rule(name: "ForeignNumberText", samples: numbers) { text in
            body(text) { $0.id($1, .text, from: 0) != nil }
        },
        Rule(name: "ForeignNumberReference", samples: numbers) { text in
            body(text) { $0.id($1, .either, from: 0) != nil }
        },
        Rule(
            name: "EedPeriod",
            samples: ["2026-02", "0001-01", "0000-01", "9999-12", "2026-00", "2026-13", "2026-2"]
                + days
        ) { text in body(text) { $0.month($1) != nil } },
        Rule(name: "WallTime", samples: times) { text in body(text) { $0.wallTime($1) != nil } },
        Rule(name: "Time", samples: times) { text in body(text) { $0.time($1) != nil } },
        Rule(
            name: "cursor",
            samples: ["A", "a-Z_0", "", "a+b", "a b", "ä"]
                + [63, 64, 65].map { String(repeating: "A", count: $0) }
        ) { text in
            Array(text.utf8).withUnsafeBytes { text in
                reads { $0.cursor("cursor", QueryText(text)) }
            }
        },
        Rule(
            name: "Idempotency-Key",
            samples: [
                "a", "\"a\"", "\"a b\"", "a b", "\"\"", "", "\"", "a\"b", "\"a\\\"b\"", "\"a\\b\"",
                "\"a\\\\\"", "\"a", "a\"", "ä", "\"ä\"", "\u{7F}", "~!#",
            ] + [254, 255, 256].map { String(repeating: "a", count: $0) }
                + [255, 256].map { "\"\(String(repeating: "a", count: $0))\"" }
        ) { text in Array(text.utf8).withUnsafeBytes { IdempotencyKey.read($0) != nil } },
        Rule(
            name: "traceId",
            samples: [
                "0af7651916cd43dd8448eb211c80319c", "0AF7651916CD43DD8448EB211C80319C",
                "0af7651916cd43dd8448eb211c80319g", "0af7651916cd43dd8448eb211c8031-9", "",
            ] + [31, 32, 33].map { String(repeating: "a", count: $0) }
        ) { text in
            Array("00-\(text)-b7ad6b7169203331-01".utf8).withUnsafeBytes {
                TraceParent.traceID($0) == text
            }
        },
    ]

    /// Every pattern of the document, by the name of its schema or parameter.
    private static func patterns() throws -> [String: String] {
        var found: [String: String] = [:]
        func walk(_ value: JSONValue, _ name: String) {
            for member in value.members {
                let inner = String(member.name)
                if inner == "pattern", let pattern = member.value.string {
                    found[name] = String(pattern)
                    continue
                }
                // A parameter's schema has the parameter's name.
                let own = member.value["name"]?.string.map { String($0) }
                walk(member.value, inner == "schema" ? name : own ?? inner)
            }
            for element in value.elements { walk(element, name) }
        }
        let json = OpenAPIDocument.json
        // SAFETY: a StaticString's bytes are constants of the program.
        let bytes = UnsafeRawBufferPointer(start: json.utf8Start, count: json.utf8CodeUnitCount)
        try JSONParser().parse(Array(bytes)) { walk($0, "") }
        return found
    }

    @Test("are each held against what reads it.")
    func complete() throws {
        let names = Set(try Self.patterns().keys)
        #expect(names == Set(Self.rules.map(\.name)))
    }

    @Test("let through what is accepted, and refuse what is not.", arguments: rules)
    func same(rule: Rule) throws {
        let pattern = try #require(try Self.patterns()[rule.name])
        #expect(pattern.hasPrefix("^") && pattern.hasSuffix("$"))
        // Anchors of JSON Schema mean the whole text.
        let expression = try Regex(String(pattern.dropFirst().dropLast()))
            .matchingSemantics(.unicodeScalar)
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("0123456789-:TtZz+. /\"\\a")
        var accepted = 0
        for sample in rule.samples {
            for round in 0..<8 {
                var text = Array(sample)
                if round > 0 {
                    let place = Int.random(in: 0...text.count, using: &random)
                    let letter = alphabet.randomElement(using: &random)!
                    switch (round % 3, place < text.count) {
                    case (0, true): text.remove(at: place)
                    case (1, true): text[place] = letter
                    default: text.insert(letter, at: place)
                    }
                }
                let string = String(text)
                // An offset at the ends of the calendar leads out of it, which no pattern sees.
                if ["0000-01-01", "9999-12-31"].contains(String(string.prefix(10))) { continue }
                let isMatch = try expression.wholeMatch(in: string) != nil
                let isAccepted = rule.accepts(string)
                #expect(isMatch == isAccepted, "\(string.debugDescription)")
                if isAccepted { accepted += 1 }
            }
        }
        #expect(accepted > 0)
    }
}
