import Glibc
import TestSupport
import Testing

@testable import HTTP2

/// What nghttp2 decodes is what was encoded: another implementation, with another table.
@Suite("The encoder of fields")
struct FieldEncoderTests {
    @Test("writes what a decoder reads, over 50 000 sections, whatever size its table gets.")
    func oracle() throws {
        var random = SystemRandomNumberGenerator()
        let oracle = AnswerOracle()
        for number in 0..<50_000 {
            if number % 97 == 0 {
                oracle.resize([0, 40, 200, 1_000, 4_096, .max].randomElement()!)
            }
            let status = [200, 201, 204, 206, 304, 400, 404, 412, 500, 503].randomElement()!
            let fields = ResponseField.allCases.filter { _ in Bool.random(using: &random) }
                .prefix(Limits.responseFields)
                .map { (field: $0, value: Self.value(of: $0, number)) }
            #expect(try oracle.encode(status, fields), "\(number)")
        }
    }

    @Test("takes one byte for a value that repeats, and none of the table for one that does not.")
    func sizes() throws {
        let oracle = AnswerOracle()
        let fields: [(field: ResponseField, value: String)] = [
            (.contentType, "application/json"), (.relaySeq, "12"), (.etag, "\"abc\""),
        ]
        #expect(try oracle.encode(200, fields))
        let first = oracle.length
        #expect(try oracle.encode(200, fields))
        // The status, two indexes, and the tag: its name in two bytes, its length, its value.
        #expect(oracle.length == 1 + 2 + 2 + 1 + 5)
        #expect(first > 2 * oracle.length)
        #expect(oracle.entries == 2)
    }

    @Test("knows which entries a table has dropped.")
    func dropped() throws {
        let oracle = AnswerOracle()
        let type: [(field: ResponseField, value: String)] = [(.contentType, "application/json")]
        #expect(try oracle.encode(200, type))
        // Each takes 32 bytes, and its name and value: 100 of them fill the table.
        for number in 0..<100 { #expect(try oracle.encode(200, [(.relaySeq, "\(number)")])) }
        #expect(try oracle.encode(200, type))
        #expect(oracle.length > "application/json".utf8.count, "it had been dropped")
        #expect(try oracle.encode(200, type))
        #expect(oracle.length == 2)
    }

    @Test("says sizes of the table with the next section, the smallest and the last.")
    func resized() throws {
        let oracle = AnswerOracle()
        oracle.resize(100)
        oracle.resize(0)
        oracle.resize(4_096)
        #expect(try oracle.encode(200, []))
        #expect(oracle.bytes == [0x20, 0x3F, 0xE1, 0x1F, 0x88])
        #expect(try oracle.encode(200, []))
        #expect(oracle.bytes == [0x88])
    }

    @Test(
        "fills frames behind the first with what does not fit it.",
        arguments: [8_000, 16_370, 20_000])
    func continued(length: Int) throws {
        let server = try SampleServer()
        let client = try ClientConnection(unix: server.path)
        for _ in 0..<3 {
            let response = try client.perform(ClientRequest("GET", "/linked/\(length)"))
            #expect(response.status == 200)
            #expect(response["link"]?.utf8.count == length)
            #expect(try client.perform(ClientRequest("GET", "/missing")).status == 404)
        }
    }

    @Test("has a stream reset whose fields fit nowhere, and no other.")
    func tooLong() throws {
        let server = try SampleServer()
        let client = try RawConnection(server.path)
        client.write(RawConnection.get("/linked/40000", stream: 1))
        #expect(client.first(RawConnection.resetStream)?.errorCode == 2, "INTERNAL_ERROR")
        client.write(RawConnection.get("/missing", stream: 3))
        #expect(client.awaitsEnd(of: 3))
    }

    /// Values as they come: few for some fields, another each time for others, some too long to be kept.
    private static func value(of field: ResponseField, _ number: Int) -> String {
        switch field {
        case .contentType: ["application/json", "text/event-stream"][number / 5 % 2]
        case .relaySeq: "\(number / 7)"
        case .totalCount: "\(number / 3 % 11)"
        case .cacheControl: ""
        case .wwwAuthenticate: String(repeating: "x", count: number % 90)
        default: String(repeating: "v", count: number % 300) + "\(number)"
        }
    }
}

/// An encoder beside nghttp2's decoder.
private final class AnswerOracle {
    private var encoder = FieldEncoder()
    private let oracle = FieldOracle()
    private var pool = StreamPool()
    private(set) var bytes: [UInt8] = []

    deinit { pool.deallocate() }

    /// Bytes of the last section.
    var length: Int { bytes.count }

    /// Entries of the decoder's table.
    var entries: Int { oracle.entries }

    /// Both are told of a size, as by SETTINGS.
    func resize(_ size: UInt32) {
        encoder.setTable(bytes: size)
        oracle.resize(size)
    }

    /// Encodes an answer's fields; says whether they are decoded to the same.
    func encode(
        _ status: Int, _ fields: [(field: ResponseField, value: String)]
    ) throws -> Bool {
        let stream = pool.acquire()
        stream.phase = .submitted
        defer { pool.release(stream) }
        stream.status = status
        // SAFETY: freed below.
        let values = fields.map { strdup($0.value)! }
        defer { for value in values { free(value) } }
        for (index, (field, value)) in fields.enumerated() {
            stream.fields[index] = ResponseSlice(
                field: field,
                value: UnsafeRawPointer(values[index]).assumingMemoryBound(to: UInt8.self),
                length: value.utf8.count)
        }
        stream.fieldsUsed = fields.count
        bytes = [UInt8](repeating: 0, count: FieldEncoder.bound(stream))
        let length = bytes.withUnsafeMutableBytes {
            encoder.encode(stream, to: $0.baseAddress!)
        }
        try #require(length <= bytes.count)
        bytes.removeLast(bytes.count - length)
        let expected =
            [WireField(":status", "\(status)")]
            + fields.map { WireField("\($0.field.name)", $0.value) }
        return oracle.decode(bytes) == (expected, true)
    }
}
