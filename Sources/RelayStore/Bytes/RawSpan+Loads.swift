/// Unaligned little-endian loads: LMDB aligns values to two bytes only.
extension RawSpan {
    /// Eight bytes.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset &+ 8 <= byteCount)
        // SAFETY: the bytes are within the span.
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }

    /// Eight bytes where the caller has made sure that there are as many.
    @inline(__always)
    func word(unchecked offset: Int) -> UInt64 {
        // SAFETY: the caller's check, which stands beside each call.
        unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }

    /// Four bytes where the caller has made sure that there are as many.
    @inline(__always)
    func uint32(unchecked offset: Int) -> Int {
        // SAFETY: as above.
        Int(unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
    }

    /// Four bytes.
    @inline(__always)
    func uint32(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset &+ 4 <= byteCount)
        // SAFETY: the bytes are within the span.
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self)
    }

    /// Two bytes.
    @inline(__always)
    func uint16(at offset: Int) -> UInt16 {
        precondition(offset >= 0 && offset &+ 2 <= byteCount)
        // SAFETY: the bytes are within the span.
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self)
    }

    /// One byte.
    @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount)
        // SAFETY: the byte is within the span.
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// A copy of the bytes on the heap.
    func copied() -> [UInt8] {
        // SAFETY: the bytes are copied inside the closure.
        withUnsafeBytes { Array($0) }
    }
}
