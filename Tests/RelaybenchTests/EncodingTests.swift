import Testing

@testable import relaybench

/// Encodings of others were made by the Python package hdrhistogram 0.10.3.
@Suite struct EncodingTests {
    private static func used(_ histogram: Histogram) -> [[Int64]] {
        histogram.used.map { [$0.value, Int64($0.times)] }
    }

    @Test("A histogram is what it was after its encoding.", arguments: [2, 3])
    func roundTrip(digits: Int) throws {
        let histogram = Histogram(digits: digits)
        var chance = Chance(seed: 7)
        for _ in 0..<10_000 {
            let value = Int64(chance.next() >> UInt64(20 + chance.below(40)))
            histogram.record(value, times: 1 + chance.below(3) * chance.below(1_000_000))
        }
        let read = try #require(Histogram(encoded: histogram.encoded))
        #expect(Self.used(read) == Self.used(histogram))
        #expect(read.count == histogram.count)
        #expect(read.max == histogram.max && read.min == histogram.min)
        #expect(read.encoded == histogram.encoded)
    }

    @Test("What another implementation wrote is read.")
    func foreign() throws {
        let text =
            "HISTFAAAADF4nJNpmSzMwMDAzwABzFCaEch0M9ixgMH+A0SAjek0/4I5jI97mfjuv2FkAgC7cQnH"
        let histogram = try #require(Histogram(encoded: text))
        let values: [(Int64, Int)] = [
            (0, 3), (1, 1), (1_000, 10_000), (123_456_789, 7), (3_599_999_999_999, 1),
        ]
        let expected = values.map { [histogram.lowestEquivalent($0.0), Int64($0.1)] }
        #expect(Self.used(histogram) == expected)
    }

    @Test("A histogram without a value, or with the smallest, is encoded too.")
    func small() throws {
        let empty = Histogram()
        #expect(try #require(Histogram(encoded: empty.encoded)).count == 0)
        let one = Histogram()
        one.record(0, times: 1 << 40)
        #expect(Self.used(try #require(Histogram(encoded: one.encoded))) == [[0, 1 << 40]])
    }

    @Test("What is no encoding is none, wherever it breaks off.")
    func refused() {
        let histogram = Histogram()
        histogram.record(1_000_000)
        let text = histogram.encoded
        #expect(Histogram(encoded: "") == nil)
        #expect(Histogram(encoded: "HISTF") == nil)
        #expect(Histogram(encoded: "x" + text) == nil)
        for length in stride(from: 0, to: text.count - 4, by: 4) {
            #expect(Histogram(encoded: String(text.prefix(length))) == nil)
        }
    }
}

@Suite struct Base64Tests {
    @Test(
        "The texts are those of RFC 4648.",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func vectors(bytes: String, text: String) {
        #expect(Base64.text(Array(bytes.utf8)) == text)
        #expect(Base64.bytes(text) == Array(bytes.utf8))
    }

    @Test(
        "What is no base64 is none.",
        arguments: ["Z", "Zg=", "Z===", "Zg=a", "Zm 9", "Zm9v=", "===="])
    func refused(text: String) { #expect(Base64.bytes(text) == nil) }
}
