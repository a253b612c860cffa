/// Base64 with its padding (RFC 4648 §4).
enum Base64 {
    private static let characters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = (0..<3).reduce(UInt32(0)) { bits, place in
                bits << 8 | UInt32(place < group.count ? group[start + place] : 0)
            }
            for place in 0..<4 {
                let index = Int(bits >> UInt32(18 - 6 * place) & 0x3F)
                text.append(place <= group.count ? characters[index] : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for what is none.
    static func bytes(_ text: String) -> [UInt8]? {
        let text = Array(text.utf8)
        guard text.count.isMultiple(of: 4) else { return nil }
        let digits = text.prefix { $0 != padding }
        let rest = text.count - digits.count
        guard rest <= 2, text[digits.count...].allSatisfy({ $0 == padding }) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        for (place, digit) in digits.enumerated() {
            guard let value = values[digit] else { return nil }
            bits = bits << 6 | UInt32(value)
            // Each digit but the first of four completes a byte.
            let waiting = UInt32(6 - 2 * (place % 4))
            if place % 4 > 0 { bytes.append(UInt8(truncatingIfNeeded: bits >> waiting)) }
        }
        return bytes
    }

    private static let values = Dictionary(
        uniqueKeysWithValues: characters.enumerated().map { ($1, $0) })
}
