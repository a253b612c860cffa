import JSON
import RelayContract
import RelayStore
import TestSupport
import Testing
import Zstd

@testable import RelayRecords

/// The bytes of change records are on disk, and a later program must be able to replay them:
/// `change-payloads.txt` has one of each kind, as this program's predecessors wrote it. Each line is
/// kind, tab, payload; a load's payload is a zstd frame, in hexadecimal digits.
@Suite("Payloads of changes")
struct ChangePayloadTests {
    private static let golden = #filePath.replacing(
        "ChangePayloadTests.swift", with: "change-payloads.txt")

    private let payloads: [UInt8: [UInt8]]

    init() throws {
        var payloads: [UInt8: [UInt8]] = [:]
        for line in readText(Self.golden).split(separator: "\n") {
            let parts = line.split(separator: "\t")
            let kind = try #require(UInt8(parts[0]))
            payloads[kind] = kind < 40 ? Array(parts[1].utf8) : Hexadecimal.bytes(parts[1].utf8)
        }
        self.payloads = payloads
    }

    /// What a payload says; a frame's bytes depend on the version of zstd.
    private func text(_ kind: UInt8, _ payload: [UInt8]) throws -> String {
        guard kind >= 40 else { return String(decoding: payload, as: UTF8.self) }
        var decompressor = try Decompressor()
        // SAFETY: read during the call.
        let lines = try payload.withUnsafeBytes {
            try decompressor.decompress($0, atMost: 10_000)
        }
        return String(decoding: lines, as: UTF8.self)
    }

    private func change(_ kind: UInt8) throws -> (any RecordChange)? {
        // SAFETY: the change keeps copies of what it reads.
        try #require(payloads[kind]).withUnsafeBytes {
            ChangeKind.decode(kind, $0, JSONParser())
        }
    }

    @Test("A change of each kind is written as it always was.")
    func written() throws {
        let samples = try ChangeSamples.all()
        for kind in ChangeKind.allCases {
            #expect(payloads[kind.rawValue] != nil, "\(kind) is not in change-payloads.txt")
        }
        #expect(samples.map(\.kind.rawValue).sorted() == payloads.keys.sorted())
        for sample in samples {
            let kind = sample.kind.rawValue
            let written = try text(kind, sample.payload)
            let pinned = try payloads[kind].map { try text(kind, $0) }
            let line = kind < 40 ? written : Hexadecimal.text(sample.payload)
            #expect(written == pinned, "kind \(kind) is now written as\n\(kind)\t\(line)")
        }
    }

    @Test("Each kind has a type of its own, which says that kind.")
    func types() {
        for kind in ChangeKind.allCases {
            #expect(kind.type.kind == kind, "\(kind.type) says \(kind.type.kind)")
        }
    }

    @Test("A change of each kind is read back, and written again as it was.")
    func read() throws {
        for (kind, payload) in payloads {
            let change = try #require(try change(kind), "kind \(kind)")
            #expect(change.kind.rawValue == kind)
            #expect(try text(kind, change.payload) == text(kind, payload))
        }
    }

    @Test(
        "A load is replayed with the times of its records if an earlier program recorded it, else now.",
        arguments: [(40, "2021-01-01T00:00:00.000Z"), (41, "2026-01-01T00:00:00.000Z")])
    func loads(kind: UInt8, updatedAt: String) throws {
        let fixture = try RecordFixture()
        try fixture.must(try #require(try change(kind)))
        let order = try #require(try fixture.model(Order.self, .order, 1))
        #expect("\(order.createdAt)" == "2020-01-01T00:00:00.000Z")
        #expect("\(order.updatedAt)" == updatedAt)
        #expect(try RecordedChange.all(of: fixture.store).map(\.kind) == [kind])
    }
}
