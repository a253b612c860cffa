import Glibc

extension UnsafeRawBufferPointer {
    /// Compares with a constant, byte by byte.
    public func matches(_ text: StaticString) -> Bool {
        // SAFETY: a StaticString's bytes are constants of the program; both sides have `count` bytes.
        count == text.utf8CodeUnitCount
            && (count == 0 || memcmp(baseAddress!, text.utf8Start, count) == 0)
    }

    /// The start of these bytes as text, for a message: whatever is not UTF-8 is replaced.
    func quoted(limit: Int = Limits.quotedBytes) -> String {
        let text = String(decoding: prefix(limit), as: UTF8.self)
        return count > limit ? text + "…" : text
    }
}
