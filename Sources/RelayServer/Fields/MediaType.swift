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
        return FieldParameters(value).all("charset").allSatisfy {
            String(decoding: $0, as: UTF8.self).lowercased() == "utf-8"
        }
    }

    /// Whether a Content-Encoding says that nothing was done to the body. `identity` should not be
    /// sent (RFC 9110 §8.4.1), but what it says is true.
    static func isIdentity(_ value: UnsafeRawBufferPointer) -> Bool {
        value.split(whereSeparator: { $0 == UInt8(ascii: ",") || $0 == 0x20 || $0 == 0x09 })
            .allSatisfy { $0.elementsEqual("identity".utf8, by: { $0 | 0x20 == $1 }) }
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
        let names = type.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return text.utf8.count <= Limits.mediaTypeBytes && names.count == 2
            && names.allSatisfy(isToken)
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    /// Whether it is a token (RFC 9110 §5.6.2): a field's name, the type or the subtype of a media type.
    static func isToken(_ text: some Collection<UInt8>) -> Bool {
        !text.isEmpty && text.allSatisfy(isTokenByte)
    }

    /// tchar of RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// Whether an Accept lists `text/event-stream`.
    static func asksForEvents(_ value: UnsafeRawBufferPointer) -> Bool {
        value.split(separator: UInt8(ascii: ",")).contains { range in
            let start = range.firstIndex { $0 != 0x20 && $0 != 0x09 } ?? range.endIndex
            // SAFETY: a part of the field's value, looked at during this call.
            return matches(
                UnsafeRawBufferPointer(rebasing: range[start...]), "text/event-stream")
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
