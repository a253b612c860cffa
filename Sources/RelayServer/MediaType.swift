/// The media types that requests may have.
enum MediaType {
    /// Whether a Content-Type is JSON: `application/json`, with or without parameters.
    static func isJSON(_ value: UnsafeRawBufferPointer) -> Bool {
        let end = value.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: " ") }
        let type = value[..<(end ?? value.endIndex)]
        // Type and subtype are case-insensitive (RFC 9110 §8.3.1).
        return type.elementsEqual("application/json".utf8) { byte, lower in
            byte == lower || (byte &- 0x41 < 26 && byte | 0x20 == lower)
        }
    }
}
