import CSodium

/// The text of an API key: `relay_`, then base32 of random bytes and their checksum.
///
/// The prefix lets scanners find keys that were published by mistake; the checksum tells a typing
/// error from an unknown key without asking the store.
public enum APIKeyText {
    static let prefix = Array("relay_".utf8)
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    private static let materialBytes = Limits.keyRandomBytes + Limits.keyChecksumBytes
    static let digestBytes = Int(crypto_hash_sha256_BYTES)
    private static let characters = materialBytes * 8 / 5

    /// A new key, which nobody can guess.
    public static func random() -> String {
        precondition(sodium_init() >= 0, "libsodium has no source of randomness")
        var bytes = [UInt8](repeating: 0, count: Limits.keyRandomBytes)
        randombytes_buf(&bytes, bytes.count)
        return make(bytes)
    }

    /// SHA-256 of a key that `random` made: all that the store, and a command, know of it.
    public static func digest(of text: String) -> [UInt8] { sha256(Array(text.utf8)) }

    static func make(_ random: [UInt8]) -> String {
        precondition(random.count == Limits.keyRandomBytes)
        let material = random + sha256(random).prefix(Limits.keyChecksumBytes)
        var text = prefix
        // 25 bytes are 40 characters of 5 bits, with nothing left over.
        for group in 0..<materialBytes / 5 {
            var bits: UInt64 = 0
            for byte in material[group * 5..<group * 5 + 5] { bits = bits << 8 | UInt64(byte) }
            for character in (0..<8).reversed() {
                text.append(alphabet[Int(bits >> (5 * UInt64(character)) & 31)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// SHA-256 of a key's text, nil if it is not the text of any key.
    static func digest(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count == prefix.count + characters else { return nil }
        guard text.prefix(prefix.count).elementsEqual(prefix) else { return nil }
        var material: [UInt8] = []
        material.reserveCapacity(materialBytes)
        var bits: UInt64 = 0
        var count = 0
        for byte in text.dropFirst(prefix.count) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"):
                bits = bits << 5 | UInt64(byte - UInt8(ascii: "a"))
            case UInt8(ascii: "2")...UInt8(ascii: "7"):
                bits = bits << 5 | UInt64(byte - UInt8(ascii: "2") + 26)
            default: return nil
            }
            count += 5
            if count == 40 {
                for shift in stride(from: UInt64(32), through: 0, by: -8) {
                    material.append(UInt8(truncatingIfNeeded: bits >> shift))
                }
                bits = 0
                count = 0
            }
        }
        let random = Array(material.prefix(Limits.keyRandomBytes))
        let checksum = sha256(random).prefix(Limits.keyChecksumBytes)
        guard material.dropFirst(Limits.keyRandomBytes).elementsEqual(checksum) else { return nil }
        return sha256(Array(text))
    }
}
