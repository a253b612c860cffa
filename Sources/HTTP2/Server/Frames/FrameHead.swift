/// A frame's header (RFC 9113 §4.1).
struct FrameHead {
    /// Bytes of a header.
    static let bytes = 9

    /// Bytes of the payload.
    let length: Int
    let type: UInt8
    let flags: UInt8
    /// Without the reserved bit.
    let stream: Int32

    @inline(__always)
    init(_ bytes: UnsafePointer<UInt8>) {
        // SAFETY: the caller has nine bytes.
        let word = UInt64(
            bigEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
        length = Int(word >> 40)
        type = UInt8(truncatingIfNeeded: word >> 32)
        flags = UInt8(truncatingIfNeeded: word >> 24)
        let id = UInt32(truncatingIfNeeded: word << 8) | UInt32(bytes[8])
        stream = Int32(bitPattern: id & 0x7FFF_FFFF)
    }

    @inline(__always)
    init(_ length: Int, _ type: UInt8, _ flags: UInt8, _ stream: Int32) {
        self.length = length
        self.type = type
        self.flags = flags
        self.stream = stream
    }

    /// Whether a flag is set, see `FrameFlag`.
    @inline(__always)
    func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

    /// Writes the header's nine bytes.
    @inline(__always)
    func write(to space: UnsafeMutableRawPointer) {
        let id = UInt32(bitPattern: stream)
        let word =
            UInt64(truncatingIfNeeded: length) << 40 | UInt64(type) << 32 | UInt64(flags) << 24
            | UInt64(id >> 8)
        // SAFETY: the caller has room for nine bytes.
        space.storeBytes(of: word.bigEndian, as: UInt64.self)
        space.storeBytes(of: UInt8(truncatingIfNeeded: id), toByteOffset: 8, as: UInt8.self)
    }
}

/// Big-endian numbers in payloads.
enum FrameNumber {
    @inline(__always)
    static func read32(_ bytes: UnsafePointer<UInt8>) -> UInt32 {
        // SAFETY: the caller has four bytes.
        UInt32(bigEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt32.self))
    }

    /// A stream's id, or another number of 31 bits, without the reserved bit.
    @inline(__always)
    static func read31(_ bytes: UnsafePointer<UInt8>) -> Int32 {
        Int32(bitPattern: read32(bytes) & 0x7FFF_FFFF)
    }

    static func read16(_ bytes: UnsafePointer<UInt8>) -> UInt16 {
        // SAFETY: the caller has two bytes.
        UInt16(bigEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt16.self))
    }
}
