/// Strict base64 (RFC 4648 §4) piece by piece: the standard alphabet, canonical padding, nothing
/// else, no line breaks.
public struct Base64Reader {
    private var bits: UInt32 = 0
    /// Characters of the present group of four, padding included.
    private var count = 0
    private var padding = 0
    /// Whether anything was wrong, the end too early included.
    public private(set) var isWrong = false

    /// Begins a text.
    public init() {}

    /// Decodes characters; the output has three bytes for four of them.
    ///
    /// - Returns: bytes written.
    public mutating func decode(
        _ characters: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer
    ) -> Int {
        var written = 0
        for character in characters {
            if character == UInt8(ascii: "=") {
                addPadding(output, &written)
                continue
            }
            let value = Self.values[Int(character)]
            if value > 63 || padding > 0 {
                isWrong = true
                continue
            }
            bits = bits << 6 | UInt32(value)
            count += 1
            guard count == 4 else { continue }
            output.storeBytes(
                of: UInt8(truncatingIfNeeded: bits >> 16), toByteOffset: written, as: UInt8.self)
            output.storeBytes(
                of: UInt8(truncatingIfNeeded: bits >> 8), toByteOffset: written + 1, as: UInt8.self)
            output.storeBytes(
                of: UInt8(truncatingIfNeeded: bits), toByteOffset: written + 2, as: UInt8.self)
            written += 3
            (bits, count) = (0, 0)
        }
        return written
    }

    /// The text ends: a group must not be open.
    public mutating func end() { if count != 0 { isWrong = true } }

    /// Two characters and `==` are a byte, three and `=` are two: the bits left over are zero, so
    /// that no bytes have two spellings.
    private mutating func addPadding(_ output: UnsafeMutableRawPointer, _ written: inout Int) {
        padding += 1
        count += 1
        guard count >= 3, padding <= 2 else {
            isWrong = true
            return
        }
        guard count == 4 else { return }
        let left: UInt32 = padding == 1 ? 2 : 4
        if bits & (1 << left - 1) != 0 { isWrong = true }
        let value = bits >> left
        if padding == 1 {
            output.storeBytes(
                of: UInt8(truncatingIfNeeded: value >> 8), toByteOffset: written, as: UInt8.self)
            written += 1
        }
        output.storeBytes(
            of: UInt8(truncatingIfNeeded: value), toByteOffset: written, as: UInt8.self)
        written += 1
        (bits, count) = (0, 0)
    }

    /// The value of each character, 255 for those that have none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() {
            values[Int(character)] = UInt8(value)
        }
        return values
    }()
}
