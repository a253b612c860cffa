/// Writes a command as bytes, little-endian and without padding.
public struct CommandWriter {
    /// What was written.
    public private(set) var bytes: [UInt8]

    /// Begins a command.
    init(_ kind: CommandKind) {
        bytes = []
        bytes.reserveCapacity(Limits.commandReserve)
        bytes.append(kind.rawValue)
        bytes.append(contentsOf: repeatElement(0, count: CommandReader.headBytes - 1))
    }

    /// One byte.
    public mutating func byte(_ byte: UInt8) { bytes.append(byte) }

    /// A number of 4 bytes.
    public mutating func uint32(_ number: UInt32) {
        // SAFETY: the number's bytes, copied during the call.
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    /// A number of 8 bytes.
    public mutating func word(_ number: UInt64) {
        // SAFETY: the number's bytes, copied during the call.
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    /// As above.
    public mutating func word(_ number: Int64) { word(UInt64(bitPattern: number)) }

    /// Whether there is one, and the number.
    public mutating func word(ifAny number: UInt64?) {
        byte(number == nil ? 0 : 1)
        if let number { word(number) }
    }

    /// How many there are, and the numbers.
    public mutating func words(_ numbers: [UInt64]) {
        uint32(UInt32(numbers.count))
        for number in numbers { word(number) }
    }

    /// How many there are, and the bytes.
    public mutating func bytes(_ more: [UInt8]) { bytes(more[...]) }

    /// As above.
    public mutating func bytes(_ more: ArraySlice<UInt8>) {
        uint32(UInt32(more.count))
        bytes += more
    }
}
