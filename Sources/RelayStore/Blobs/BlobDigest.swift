/// BLAKE2b-256 of a blob: what its entity tag is made of.
public struct BlobDigest: Hashable, Sendable {
    /// The 32 bytes as four words, as they lie in memory.
    public let words: SIMD4<UInt64>

    /// A digest from its words.
    public init(words: SIMD4<UInt64>) { self.words = words }

    /// Begins to compute a digest.
    static func begin() -> BLAKE2b { BLAKE2b(bytes: byteCount) }

    /// The digest that a hash came to.
    init(_ hash: [UInt8]) {
        precondition(hash.count == Self.byteCount)
        // SAFETY: 32 bytes, read before the closure returns.
        words = hash.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    private static let byteCount = 32
}

extension BlobDigest {
    /// The 32 bytes as 64 lower-case digits, as `b2sum -l 256` prints them.
    public var hexadecimal: String {
        var text = ""
        for index in 0..<4 {
            for byte in 0..<8 {
                let value = UInt8(truncatingIfNeeded: words[index] >> UInt64(8 * byte))
                text += (value < 16 ? "0" : "") + String(value, radix: 16)
            }
        }
        return text
    }

    /// Reads back 64 digits; nil when they are anything else.
    public init?(_ hexadecimal: String) {
        let digits = Array(hexadecimal.utf8)
        guard digits.count == 2 * Self.byteCount else { return nil }
        var words = SIMD4<UInt64>()
        for index in 0..<Self.byteCount {
            let pair = String(decoding: digits[2 * index..<2 * index + 2], as: UTF8.self)
            guard let byte = UInt64(pair, radix: 16) else { return nil }
            words[index / 8] |= byte << UInt64(8 * (index % 8))
        }
        self.words = words
    }
}
