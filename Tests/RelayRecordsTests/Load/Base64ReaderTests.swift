import RelayRecords
import Testing

@Suite("Strict base64")
struct Base64ReaderTests {
    private static func read(_ text: String, cutAt cut: Int = 0) -> [UInt8]? {
        var reader = Base64Reader()
        let characters = Array(text.utf8)
        var output = [UInt8](repeating: 0, count: characters.count + 6)
        var bytes: [UInt8] = []
        for piece in [characters[..<cut], characters[cut...]] {
            let count = piece.withUnsafeBytes { piece in
                output.withUnsafeMutableBytes { reader.decode(piece, into: $0.baseAddress!) }
            }
            bytes += output[..<count]
        }
        reader.end()
        return reader.isWrong ? nil : bytes
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = Array(bytes[start..<min(start + 3, bytes.count)]) + [0, 0]
            let bits = Int(group[0]) << 16 | Int(group[1]) << 8 | Int(group[2])
            let count = min(3, bytes.count - start)
            for index in 0..<4 {
                text.append(index <= count ? alphabet[bits >> (18 - 6 * index) & 63] : "=")
            }
        }
        return text
    }

    @Test("decodes every length, wherever it is cut.")
    func lengths() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ 251) }
            let text = Self.encode(bytes)
            for cut in 0...text.utf8.count { #expect(Self.read(text, cutAt: cut) == bytes) }
        }
    }

    @Test(
        "refuses everything else.",
        arguments: [
            "A", "AA", "AAA", "AA=", "A===", "====", "=", "AA==AAAA", "AAA=A", "AAA==", "AB==",
            "AAB=", "AA\n==", " AAAA", "AAAA ", "AA-_", "AAAA\r\nAAAA", "AÄAA", "AAAA=", "data:,A",
        ])
    func wrong(text: String) {
        for cut in 0...text.utf8.count { #expect(Self.read(text, cutAt: cut) == nil) }
    }
}
