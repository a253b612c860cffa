import HTTP2
import JSON
import Testing

@testable import RelayServer

/// Texts that are JSON or nearly so, in the place of every kind of member, sent to the service: what is
/// no JSON is 400, what the member does not take is 422, and what it takes comes back equal.
@Suite("JSON in the place of")
struct JSONCorpusTests {
    /// Texts that are no JSON value, wherever they stand.
    static let broken: [[UInt8]] =
        [
            "", "{", "[", "[1,]", "[,1]", "[1,,2]", "{\"a\":1,}", "{,\"a\":1}", "{a:1}", "{'a':1}",
            "{\"a\"}", "{\"a\":}", "{\"a\" 1}", "{1:1}", "{\"a\":1 \"b\":2}", "[1 2]", "[1", "1]",
            "[1]]", "[1}", "{\"a\":1]", "{\"a\":1}}", "01", "-", "+1", "1.", ".5", "-.5", "1e",
            "1e+",
            "1e1.5", "0x10", "1_000", "--1", "-01", "1.2.3", "1 2", "NaN", "Infinity", "-Infinity",
            "nul", "True", "TRUE", "truefalse", "undefined", "'a'", "a", "\"a", "a\"", "\"\\x\"",
            "\"\\u12\"", "\"\\u12g4\"", "\"\\\"", "\"\\uD800\"", "\"\\uDC00\"",
            "\"\\uD800\\u0041\"",
            "\"\\uDC00\\uD800\"", "\"\\uD800\\uD800\"", "\"a\tb\"", "\"a\nb\"", "\"a\u{0}b\"",
            "\"a\"\"b\"", "1 // c", "/* c */ 1", "# c", "\u{FEFF}1", "١", "\\u0031", "<null>",
            "\u{A0}1",
            "\u{B}1", "1\u{0}", ";", ":", ",", "*", "\"\\a\"", "\"\\u{41}\"", "\"\\U0041\"",
        ].map { Array($0.utf8) } + [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xE0, 0x80, 0x80, 0x22],
            [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0xC3, 0x22],
            [0x22, 0xF0, 0x9F, 0x8F, 0x22], [0xFF], [0x80],
            Array((String(repeating: "[", count: 70) + String(repeating: "]", count: 70)).utf8),
        ]

    static let strings = [
        "\"a\"", "\" \"", "\"0\"", "\"1\"", "\"null\"", "\"ä\"", "\"\\u00e4\"", "\"\\u00E4\"",
        "\"a\\u0308\"", "\"🏠\"", "\"\\uD83C\\uDFE0\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u0000\"",
        "\"\\u001f\"", "\"\u{7F}\"", "\"\\u007f\"", "\"\u{2028}\"", "\"\\u2028\"", "\"\u{FEFF}\"",
        "\"\\uFFFF\"", "\"\u{10FFFF}\"", "\"<script>&amp;'\"", "\"// no comment\"", "\"\\\\u0041\"",
        "\"\\u0022\"", "\"{}\"", "\"OPEN\"", "\"\\u004fPEN\"", "\"open\"", "\"OPEN \"",
        "\"2026-01-01T00:00:00Z\"", "\"2026-01-01 00:00:00\"", "\"2026-01-01T00:00:00\"",
        "\"2026-02-30T00:00:00Z\"", "\"2026-01-01T00:00:00.123456+01:00\"", "\"\"",
    ]
    static let numbers = [
        "0", "-0", "1", "1.0", "1e0", "1E+2", "10e-1", "1.50", "0.1", "1e-2", "0e0", "-1", "-1.5",
        "123456789", "1000000", "1000001", "9007199254740991", "9007199254740992",
        "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "18446744073709551616", "100000000000000000000", "1e308", "1e309", "-1e309", "5e-324",
        "2e-324", "1e-400", "0.30000000000000004", "0.1000000000000000055",
        "0.99999999999999999999",
        "1.0000000000000000001", "123456789012345678901234567890",
    ]
    static let others = [
        "true", "false", "null", "[]", "[1]", "[null]", "[[]]", "[\"a\",{}]", "{}", "{\"a\":1}",
        "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"\":0}",
        "{\"a\":{\"b\":[true,null,-0.5]}}",
        "{\"ä\\n\":\"\\u00e4\"}", " \t\r\n true \r\n", "{ \"a\" : [ ] }",
        #"[{"position":0,"name":"n","content":""}]"#,
        ConditionTests.address,
    ]
    static let valid = strings + numbers + others

    /// A member of a kind: where it is sent, and where it is read.
    struct Place: Sendable, CustomTestStringConvertible {
        var kind: String
        var method = "POST"
        var path: String
        /// The body around the value.
        var body: (String, String)
        /// What is read, `#` for the id that was answered; and the steps to the member.
        var readPath: String
        var steps: [String]
        /// What is accepted, and what is read where that is not the same value.
        var accepted: @Sendable (String) -> Bool
        var read: [String: String] = [:]

        var testDescription: String { kind }
    }

    private static func order(
        _ kind: String, _ member: String, read: [String: String] = [:],
        _ accepted: @escaping @Sendable (String) -> Bool
    ) -> Place {
        Place(
            kind: kind, path: "/v1/orders", body: ("{\"title\":\"t\",\"\(member)\":", "}"),
            readPath: "/v1/orders/#", steps: [member], accepted: accepted, read: read)
    }

    /// Whole numbers from 0 to 2⁵³−1, in any spelling.
    private static let whole: Set<String> = [
        "0", "-0", "1", "1.0", "1e0", "1E+2", "10e-1", "0e0", "123456789", "1000000", "1000001",
        "9007199254740991",
    ]
    /// Numbers that a double in its shortest form does not equal.
    private static let inexact: Set<String> = [
        "18446744073709551616", "2e-324", "1e-400", "0.1000000000000000055",
        "0.99999999999999999999", "1.0000000000000000001", "123456789012345678901234567890",
    ]
    private static let infinite: Set<String> = ["1e309", "-1e309"]
    private static let twice: Set<String> = ["{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}"]

    static let places: [Place] = [
        Place(
            kind: "a string", path: "/v1/orders", body: ("{\"title\":", "}"),
            readPath: "/v1/orders/#", steps: ["title"],
            accepted: { strings.contains($0) && $0 != "\"\"" }),
        order("an id of another system", "casaviOrderId", read: ["\"0\"": "0", "\"1\"": "1"]) {
            whole.contains($0) || ["\"0\"", "\"1\""].contains($0)
        },
        order("a reference", "customerId", read: ["\"1\"": "1"]) {
            ["1", "1.0", "1e0", "10e-1", "\"1\""].contains($0)
        },
        Place(
            kind: "an integer", path: "/v1/orders",
            body: (
                "{\"title\":\"t\",\"fields\":[{\"name\":\"n\",\"content\":\"c\",\"position\":",
                "}]}"
            ),
            readPath: "/v1/orders/#", steps: ["fields", "0", "position"],
            accepted: {
                whole.contains($0) && !["123456789", "1000001", "9007199254740991"].contains($0)
            }),
        Place(
            kind: "a number", path: "/v1/eed",
            body: (
                #"{"propertyId":1,"unitId":1,"customerId":1,"period":"2026-01","mscName":"m","#
                    + #""benchmarks":[],"consumptions":[{"service":"HEATING","unitofmeasure":"HCU","#
                    + "\"amount\":", "}]}"
            ), readPath: "/v1/eed?unitId=1&period=2026-01",
            steps: ["month", "consumptions", "0", "amount"],
            accepted: { text in
                numbers.contains(text) && !inexact.contains(text) && !infinite.contains(text)
                    && ![
                        "9007199254740993", "9223372036854775807", "9223372036854775808",
                        "18446744073709551615",
                    ].contains(text)
            }),
        order("a boolean", "isInternal") { ["true", "false", " \t\r\n true \r\n"].contains($0) },
        order("an array", "fields") { $0 == "[]" || $0.hasPrefix("[{\"position\"") },
        order("an enumeration", "status") { ["\"OPEN\"", "\"\\u004fPEN\""].contains($0) },
        order(
            "a time", "dueDate",
            read: [
                "\"2026-01-01T00:00:00Z\"": "\"2026-01-01T00:00:00.000Z\"",
                "\"2026-01-01T00:00:00.123456+01:00\"": "\"2025-12-31T23:00:00.123Z\"",
            ]
        ) { ["\"2026-01-01T00:00:00Z\"", "\"2026-01-01T00:00:00.123456+01:00\""].contains($0) },
        Place(
            kind: "a local time", path: "/v1/appointments",
            body: (
                #"{"title":"t","dateEnd":"2027-01-01 11:00:00","location":"l","customerId":1,"#
                    + "\"dateStart\":", "}"
            ), readPath: "/v1/appointments/#", steps: ["dateStart"],
            accepted: { $0.hasPrefix("\"2026-01-01") },
            read: [
                "\"2026-01-01T00:00:00Z\"": "\"2026-01-01 00:00:00\"",
                "\"2026-01-01T00:00:00\"": "\"2026-01-01 00:00:00\"",
                "\"2026-01-01T00:00:00.123456+01:00\"": "\"2026-01-01 00:00:00\"",
            ]),
        order("an object", "address") { $0 == ConditionTests.address },
        Place(
            kind: "a free object", path: "/v2/documents/1/attachments",
            body: (
                "{\"name\":\"a.pdf\",\"fileType\":\"application/pdf\",\"content\":\"JVBERi0xLjQK\","
                    + "\"metadata\":", "}"
            ), readPath: "/v2/documents/1", steps: ["attachments", "last", "metadata"],
            accepted: { text in
                others.contains(text) && text.contains("{") && !text.hasPrefix("[")
                    && !twice.contains(text)
            }),
        Place(
            kind: "a member of a free object", path: "/v2/documents/1/attachments",
            body: (
                "{\"name\":\"a.pdf\",\"fileType\":\"application/pdf\",\"content\":\"JVBERi0xLjQK\","
                    + "\"metadata\":{\"m\":", "}}"
            ), readPath: "/v2/documents/1", steps: ["attachments", "last", "metadata", "m"],
            accepted: { text in
                !twice.contains(text) && !inexact.contains(text) && !infinite.contains(text)
            }),
    ]

    private func send(
        _ fixture: ServiceFixture, _ place: Place, _ value: [UInt8]
    ) -> ClientResponse {
        fixture.perform(
            ClientRequest(
                place.method, place.path,
                fields: fixture.keys.field(.default)
                    + [HeaderField("content-type", "application/json")],
                body: Array(place.body.0.utf8) + value + Array(place.body.1.utf8)))
    }

    /// A value as it is written when nothing of its spelling is left.
    private func canonical(_ text: [UInt8]) throws -> String {
        try JSONParser().parse(text) { value in
            var writer = JSONWriter()
            writer.value(value)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    @Test("a member is refused with 400 if it is none.", arguments: places)
    func broken(place: Place) throws {
        let fixture = try ConditionTests.filled()
        let before = try fixture.sequence()
        for value in Self.broken {
            let refused = send(fixture, place, value)
            let text = String(decoding: value, as: UTF8.self)
            #expect(refused.status == 400, "\(text): \(refused.text)")
            #expect(refused.text.contains("/problems/not-json"), "\(text)")
        }
        #expect(try fixture.sequence() == before)
    }

    @Test("a member comes back equal if the member takes it, and is 422 if not.", arguments: places)
    func valid(place: Place) throws {
        let fixture = try ConditionTests.filled()
        var accepted = 0
        for text in Self.valid {
            let before = try fixture.sequence()
            let given = send(fixture, place, Array(text.utf8))
            guard place.accepted(text) else {
                #expect(given.status == 422, "\(text): \(given.text)")
                #expect(try fixture.sequence() == before, "\(text)")
                continue
            }
            accepted += 1
            #expect(given.status / 100 == 2, "\(text): \(given.text)")
            let read = try self.read(fixture, place, given)
            // Address and field come back with ids of their own.
            if read.contains("\"id\":") {
                #expect(
                    read.contains("\"streetAddress\":\"Deich 1\"")
                        || read.contains("\"name\":\"n\""))
                continue
            }
            #expect(read == (try canonical(Array((place.read[text] ?? text).utf8))), "\(text)")
        }
        #expect(accepted > 0)
    }

    /// The member as it is read back.
    private func read(
        _ fixture: ServiceFixture, _ place: Place, _ given: ClientResponse
    ) throws -> String {
        let id =
            given.body.isEmpty ? 0 : (try JSONParser().parse(given.body) { $0["id"]?.integer } ?? 0)
        let record = fixture.get(place.readPath.replacing("#", with: "\(id)"))
        #expect(record.status == 200)
        return try JSONParser().parse(record.body) { root in
            var value: JSONValue? = root
            for step in place.steps {
                let elements = value.map { Array($0.elements) } ?? []
                value =
                    switch step {
                    case "0": elements.first
                    case "last": elements.last
                    default: value?.members.first { String($0.name) == step }?.value
                    }
            }
            guard let value else { return "nothing" }
            var writer = JSONWriter()
            writer.value(value)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }
}
