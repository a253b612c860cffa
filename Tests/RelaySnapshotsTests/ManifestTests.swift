import JSON
import RelayRecords
import RelayStore
import Testing

@testable import RelaySnapshots

@Suite("A manifest")
struct ManifestTests {
    private func manifest(_ counts: [DocumentCount]) -> Manifest {
        Manifest(
            program: "tests", createdAt: .now, label: nil, isCompact: false, epoch: 1,
            sequence: .max >> 11, transaction: 3, storeFormat: 1, pageBytes: 4_096, pages: 1 << 24,
            usedPages: 1 << 24, blake2b: String(repeating: "f", count: 128), counts: counts,
            segments: Array(repeating: .max, count: 1 << 14), stored: nil)
    }

    @Test("of a store with every account and kind of record is not longer than what is read.")
    func length() throws {
        let kinds = Resource.allCases.map(\.rawValue)
        let few = (0..<UInt32(Limits.manifestCounts)).map {
            DocumentCount(
                account: 1_000_000 + $0 / 14, resource: kinds.last!, documents: .max >> 20)
        }
        for counts in [few, few + few] {
            let manifest = manifest(counts.listed)
            let bytes = manifest.encoded
            #expect(bytes.count < Limits.manifestBytes)
            #expect(Manifest(bytes) == manifest)
        }
    }

    @Test(
        "with numbers that no snapshot has is refused, though its checksum is right.",
        arguments: [
            ("\"sequence\":", "-1"), ("\"transaction\":", "-7"), ("\"account\":", "-1"),
            ("\"account\":", "4294967296"), ("\"kind\":", "256"), ("\"documents\":", "-3"),
            ("\"pageBytes\":", "0"), ("\"pageBytes\":", "4095"), ("\"pages\":", "-1"),
            ("\"pages\":", "9223372036854775807"), ("\"usedPages\":", "-1"),
            ("\"usedPages\":", "16777217"),
        ])
    func forged(member: String, number: String) throws {
        let manifest = manifest([DocumentCount(account: 1, resource: 2, documents: 3)])
        let text = String(decoding: manifest.encoded, as: UTF8.self)
        let checksum = try #require(text.firstRange(of: ",\"checksum\""))
        var body = String(text[..<checksum.lowerBound])
        let name = try #require(body.firstRange(of: member))
        let end = try #require(body[name.upperBound...].firstIndex { !$0.isNumber })
        body.replaceSubrange(name.upperBound..<end, with: number)
        let bytes = Array(body.utf8)
        let sealed = "\(body),\"checksum\":\"\(Manifest.checksum(bytes))\"}\n"
        #expect(Manifest(Array(sealed.utf8)) == nil)
        #expect(Manifest(manifest.encoded) == manifest)
    }

    @Test("counts all documents, by account where there are not too many.")
    func counts() {
        let few = [DocumentCount(account: 1, resource: 2, documents: 3)]
        #expect(few.listed == few)
        let many = (0...UInt32(Limits.manifestCounts)).map {
            DocumentCount(account: $0, resource: UInt8($0 % 2), documents: 2)
        }
        let listed = many.listed
        #expect(listed.map(\.account) == [0, 0])
        #expect(listed.map(\.documents).reduce(0, +) == 2 * UInt64(many.count))
    }
}
