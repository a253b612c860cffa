/// Reads what `CommandWriter` wrote. It believes nothing: whatever the bytes are, it reads them or says
/// that they are no command.
public struct CommandReader {
    /// kind u8, 0 (7).
    static let headBytes = 8
    private let encoding: [UInt8]
    private var place = Self.headBytes

    /// The command's kind.
    public let kind: CommandKind

    /// Reads the head.
    public init(_ bytes: [UInt8]) throws(CommandFault) {
        guard bytes.count >= Self.headBytes else { throw .cut }
        guard let kind = CommandKind(rawValue: bytes[0]) else { throw .unknownKind(bytes[0]) }
        guard bytes[1..<Self.headBytes].allSatisfy({ $0 == 0 }) else { throw .malformed(kind) }
        (encoding, self.kind) = (bytes, kind)
    }

    private mutating func take(_ count: Int) throws(CommandFault) -> Range<Int> {
        guard count <= encoding.count - place else { throw .malformed(kind) }
        defer { place += count }
        return place..<place + count
    }

    private mutating func number<Number: FixedWidthInteger>(
        _ type: Number.Type
    ) throws(CommandFault) -> Number {
        let range = try take(MemoryLayout<Number>.size)
        // SAFETY: `take` has seen that the array has these bytes.
        return encoding.withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: type))
        }
    }

    /// One byte.
    public mutating func byte() throws(CommandFault) -> UInt8 { try number(UInt8.self) }

    /// A number of 4 bytes.
    public mutating func uint32() throws(CommandFault) -> UInt32 { try number(UInt32.self) }

    /// A number of 8 bytes.
    public mutating func word() throws(CommandFault) -> UInt64 { try number(UInt64.self) }

    /// As above.
    public mutating func signedWord() throws(CommandFault) -> Int64 {
        Int64(bitPattern: try word())
    }

    /// A byte that is 0 or 1.
    public mutating func flag() throws(CommandFault) -> Bool {
        let byte = try byte()
        guard byte <= 1 else { throw .malformed(kind) }
        return byte == 1
    }

    /// A number of 8 bytes, if there is one.
    public mutating func wordIfAny() throws(CommandFault) -> UInt64? {
        try flag() ? try word() : nil
    }

    /// Numbers of 8 bytes.
    public mutating func words() throws(CommandFault) -> [UInt64] {
        let count = Int(try uint32())
        guard count <= (encoding.count - place) / 8 else { throw .malformed(kind) }
        var numbers: [UInt64] = []
        numbers.reserveCapacity(count)
        for _ in 0..<count { numbers.append(try word()) }
        return numbers
    }

    /// Bytes.
    public mutating func bytes() throws(CommandFault) -> [UInt8] {
        Array(try heldBytes())
    }

    /// As above, in the encoding's own memory.
    public mutating func heldBytes() throws(CommandFault) -> ArraySlice<UInt8> {
        encoding[try take(Int(try uint32()))]
    }

    /// A text in UTF-8.
    public mutating func text() throws(CommandFault) -> String {
        guard let text = String(validating: try bytes(), as: UTF8.self) else {
            throw .malformed(kind)
        }
        return text
    }

    /// Nothing is left.
    func end() throws(CommandFault) {
        if place != encoding.count { throw .malformed(kind) }
    }
}
