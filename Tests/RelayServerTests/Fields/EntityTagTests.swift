import Testing

@testable import RelayServer

@Suite struct EntityTagTests {
    private func written(_ tag: EntityTag) -> String {
        var space = [UInt8](repeating: 0, count: EntityTag.maxBytes)
        let length = space.withUnsafeMutableBytes { tag.write(to: $0.baseAddress!) }
        return String(decoding: space[..<length], as: UTF8.self)
    }

    private func isNamed(_ tag: EntityTag, _ list: String, strongly: Bool) -> Bool {
        Array(list.utf8).withUnsafeBytes { tag.isNamed(in: TagList($0), strongly: strongly) }
    }

    private func versions(_ list: String, strongly: Bool = true) -> [UInt64] {
        Array(list.utf8).withUnsafeBytes {
            TagList($0).versions(epoch: 0xABC, strongly: strongly)
        }
    }

    private let strong = EntityTag(epoch: 0xABC, version: 0x1F)
    private let weak = EntityTag(epoch: 0xABC, version: 0x1F, isWeak: true)

    @Test("A tag is the epoch and the version in hexadecimal; a weak one says so.")
    func writing() {
        #expect(written(strong) == "\"abc-1f\"")
        #expect(written(weak) == "W/\"abc-1f\"")
        #expect(written(EntityTag(epoch: 0, version: 0)) == "\"0-0\"")
        let longest = written(EntityTag(epoch: .max, version: .max, isWeak: true))
        #expect(longest == "W/\"ffffffffffffffff-ffffffffffffffff\"")
        #expect(longest.utf8.count <= EntityTag.maxBytes)
        #expect(strong.text == written(strong) && weak.text == written(weak))
    }

    @Test(
        "If-None-Match names a tag alone, in a list, weakly, or by a star.",
        arguments: [
            "\"abc-1f\"", "W/\"abc-1f\"", "*", "\"x\", \"abc-1f\"", "\"x\",W/\"abc-1f\" , \"y\"",
            ",, \"abc-1f\"\t", "\"a,b\", \"abc-1f\"", "nonsense, \"abc-1f\"",
        ])
    func named(list: String) {
        #expect(isNamed(strong, list, strongly: false))
        #expect(isNamed(weak, list, strongly: false))
    }

    @Test(
        "Another version, another epoch or a mangled tag is not named.",
        arguments: [
            "", "\"abc-1e\"", "\"abd-1f\"", "abc-1f", "\"abc-1f", "\"ABC-1F\"", "w/\"abc-1f\"",
            "\"abc-1f\"\"", "**", ",", "\"0abc-1f\"", "*, \"x\"", "\"x,\"abc-1f\"", "\"x, abc-1f\"",
        ])
    func notNamed(list: String) {
        #expect(!isNamed(strong, list, strongly: false))
        #expect(!isNamed(weak, list, strongly: false))
    }

    @Test("Compared strongly, no weak tag is named, on either side.")
    func strongComparison() {
        #expect(isNamed(strong, "\"x\", \"abc-1f\"", strongly: true))
        #expect(!isNamed(strong, "W/\"abc-1f\"", strongly: true))
        #expect(!isNamed(weak, "\"abc-1f\"", strongly: true))
        #expect(isNamed(strong, "W/\"abc-1f\", \"abc-1f\"", strongly: true))
    }

    @Test("If-Match gives the versions of strong tags of this epoch, and nothing for others.")
    func namedVersions() {
        #expect(versions("\"abc-1f\"") == [0x1F])
        #expect(versions("\"abc-1\",\"abc-2\" ,\t\"abc-3\"") == [1, 2, 3])
        #expect(versions("W/\"abc-1f\", \"abd-1f\", \"x\", abc-1f") == [])
        // Only what a tag of ours looks like: a number may be written in one way.
        #expect(versions("\"abc-1f") == [])
        #expect(versions("\"abc-+1f\", \"abc-1F\", \"abc-01f\", \"abc-1f\"x") == [])
        #expect(versions("\"abc-\", \"abc-ffffffffffffffffff\"") == [])
        #expect(versions("W/\"abc-1f\", \"abc-2\"", strongly: false) == [0x1F, 2])
    }

    @Test("Hexadecimal numbers are those of Swift's own text.")
    func hexadecimal() {
        var number: UInt64 = 1
        for _ in 0..<64 {
            for value in [number, number - 1, number ^ 0x5A5A] {
                var space = [UInt8](repeating: 0, count: 16)
                let count = space.withUnsafeMutableBytes {
                    Hexadecimal.write(value, to: $0.baseAddress!)
                }
                #expect(
                    String(decoding: space[..<count], as: UTF8.self)
                        == String(value, radix: 16))
            }
            number = number << 1
        }
    }
}
