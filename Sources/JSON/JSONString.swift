import Glibc

/// The unescaped UTF-8 bytes of a string in a parsed document. Valid as long as the `JSONValue` it came from.
@frozen
public struct JSONString {
    /// The bytes.
    public let bytes: UnsafeBufferPointer<UInt8>

    /// Text from elsewhere, to be compared like a document's. Its bytes outlive the value.
    @inlinable
    public init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// Bytes, not characters.
    @inlinable
    public var count: Int { bytes.count }

    /// Compares bytes: how a member is found without making a String of its name.
    @inlinable
    public func matches(_ text: StaticString) -> Bool {
        // SAFETY: a StaticString's bytes are constants of the program; both sides have `count` bytes.
        count == text.utf8CodeUnitCount
            && (count == 0 || memcmp(bytes.baseAddress!, text.utf8Start, count) == 0)
    }

    /// Unicode scalars, which is what JSON Schema's minLength and maxLength count.
    public var scalarCount: Int {
        var count = 0
        for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }
}

extension String {
    /// A copy that outlives the document.
    @inlinable
    public init(_ string: JSONString) {
        self = String(decoding: string.bytes, as: UTF8.self)
    }
}
