extension Array where Element == UInt8 {
    /// Appends a number of 8 bytes, little-endian.
    mutating func append(word: UInt64) {
        // SAFETY: the bytes of a value are copied while it is there.
        Swift.withUnsafeBytes(of: word.littleEndian) { append(contentsOf: $0) }
    }
}
