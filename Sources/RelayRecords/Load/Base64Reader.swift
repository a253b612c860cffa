/// Strict base64 (RFC 4648 §4) piece by piece: the standard alphabet, canonical padding, nothing
/// else, no line breaks.
public struct Base64Reader {
    private var bits: UInt32 = 0
    /// Characters of the present group of four, padding included.
    private var count = 0
    private var padding = 0
    /// Characters of the pieces before the present one.
    private var position = 0
    /// What is wrong first; nil as long as nothing is.
    public private(set) var fault: Fault?

    /// What is wrong, at a character counted from 0.
    public enum Fault: Equatable, Sendable {
        /// A byte that the standard alphabet does not have.
        case character(UInt8, at: Int)
        /// An equals sign where none belongs, or something behind it.
        case padding(at: Int)
        /// Bits in the last character that no byte takes: the bytes have another spelling.
        case leftOverBits(at: Int)
        /// The text ends within a group of four, after so many characters.
        case cutOff(after: Int)
    }

    /// Whether anything is wrong.
    public var isWrong: Bool { fault != nil }

    /// Begins a text.
    public init() {}

    /// Decodes characters; the output has three bytes for four of them.
    ///
    /// - Returns: bytes written.
    public mutating func decode(
        _ characters: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer
    ) -> Int {
        var written = 0
        defer {
            position += characters.count
            // Whoever lends the room counts on this.
            precondition(written <= (characters.count / 4 + 1) * 3)
        }
        for (index, character) in characters.enumerated() {
            if character == UInt8(ascii: "=") {
                addPadding(position + index, output, &written)
                continue
            }
            let value = Self.values[Int(character)]
            if value > 63 {
                note(.character(character, at: position + index))
                continue
            }
            if padding > 0 {
                note(.padding(at: position + index))
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
    public mutating func end() { if count != 0 { note(.cutOff(after: position)) } }

    private mutating func note(_ found: Fault) { fault = fault ?? found }

    /// Two characters and `==` are a byte, three and `=` are two: the bits left over are zero, so
    /// that no bytes have two spellings.
    private mutating func addPadding(
        _ place: Int, _ output: UnsafeMutableRawPointer, _ written: inout Int
    ) {
        padding += 1
        count += 1
        guard count >= 3, padding <= 2 else {
            return note(.padding(at: place))
        }
        guard count == 4 else { return }
        let left: UInt32 = padding == 1 ? 2 : 4
        if bits & (1 << left - 1) != 0 { note(.leftOverBits(at: place - padding)) }
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
