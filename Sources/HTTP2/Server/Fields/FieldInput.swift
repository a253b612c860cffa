/// The bytes of a field section that are being read (RFC 7541 §5 and §6).
struct FieldInput {
    // SAFETY: the caller has as many bytes as it says.
    private(set) var next: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    init(_ bytes: UnsafePointer<UInt8>, _ count: Int) { (next, end) = (bytes, bytes + count) }

    @inline(__always)
    var isAtEnd: Bool { next == end }

    /// The next byte; there is one.
    @inline(__always)
    var first: UInt8 { next[0] }

    /// Reads an integer behind a prefix of so many bits (RFC 7541 §5.1); there is a first byte of it.
    ///
    /// - Parameter most: the largest that may be.
    @inline(__always)
    mutating func integer(_ bits: Int, most: Int) throws(FieldFault) -> Int {
        let full = 1 << bits - 1
        let number = Int(next[0]) & full
        next += 1
        if number < full {
            if number > most { throw .undecodable }
            return number
        }
        return try longInteger(full, most)
    }

    @inline(never)
    private mutating func longInteger(_ full: Int, _ most: Int) throws(FieldFault) -> Int {
        var number = full
        var shift = 0
        while true {
            if shift > Limits.integerShift { throw .undecodable }
            if isAtEnd { throw .incomplete }
            let byte = Int(next[0])
            next += 1
            number += (byte & 0x7F) << shift
            if number > most { throw .undecodable }
            if byte < 0x80 { return number }
            shift += 7
        }
    }

    /// Reads a string (RFC 7541 §5.2).
    ///
    /// - Parameter decode: finds what a coded one stands for; nil if that is nothing.
    /// - Returns: where it lies.
    @inline(__always)
    mutating func string(
        _ decode: (UnsafePointer<UInt8>, Int) -> (bytes: UnsafePointer<UInt8>, count: Int)?
    ) throws(FieldFault) -> (bytes: UnsafePointer<UInt8>, count: Int) {
        if isAtEnd { throw .incomplete }
        let isCoded = next[0] & 0x80 != 0
        let length = try integer(7, most: Limits.codedStringBytes)
        if length > end - next { throw .incomplete }
        let bytes = next
        next += length
        if !isCoded { return (bytes, length) }
        guard let decoded = decode(bytes, length) else { throw .undecodable }
        return decoded
    }
}

/// Why a field cannot be read.
enum FieldFault: Error {
    /// Its end has not come.
    case incomplete
    /// It says what no decoder understands.
    case undecodable
    case outOfMemory
}
