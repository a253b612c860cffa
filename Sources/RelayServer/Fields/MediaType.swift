import RelayContract

/// The media types that requests may have.
enum MediaType {
    /// Whether a Content-Type is JSON: `application/json`, with or without parameters. JSON is UTF-8
    /// (RFC 8259 §8.1): a charset that says otherwise is not.
    static func isJSON(
        _ value: UnsafeRawBufferPointer, _ name: StaticString = "application/json"
    ) -> Bool {
        guard matches(value, name) else { return false }
        guard value.contains(UInt8(ascii: ";")) else { return true }
        guard let charset = FieldParameters(value)["charset"] else { return true }
        return String(decoding: charset, as: UTF8.self).lowercased() == "utf-8"
    }

    /// Whether a Content-Type is one of those that an operation's body may have.
    static func isOne(_ value: UnsafeRawBufferPointer, of types: BodyTypes) -> Bool {
        BodyTypes.all.contains { type, name, isJSON in
            types.contains(type) && (isJSON ? self.isJSON(value, name) : matches(value, name))
        }
    }

    /// Whether a text is a media type that an answer can say: `type/subtype` and parameters.
    static func isType(_ text: String) -> Bool {
        let type = text.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        let halves = type.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return text.utf8.count <= Limits.mediaTypeBytes && halves.count == 2
            && halves.allSatisfy { !$0.isEmpty && $0.allSatisfy(isTokenByte) }
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    /// tchar of RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func matches(_ value: UnsafeRawBufferPointer, _ wanted: StaticString) -> Bool {
        let end = value.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: " ") }
        let type = value[..<(end ?? value.endIndex)]
        // Type and subtype are case-insensitive (RFC 9110 §8.3.1).
        // SAFETY: a static string is never freed.
        let wanted = UnsafeBufferPointer(start: wanted.utf8Start, count: wanted.utf8CodeUnitCount)
        return type.elementsEqual(wanted) { byte, lower in
            byte == lower || (byte &- 0x41 < 26 && byte | 0x20 == lower)
        }
    }
}
