/// What part of a content a request asks for (RFC 9110 §14).
enum RangeRequest: Equatable {
    /// All of it: no Range, one that is malformed or in another unit, or several ranges, which a
    /// server may ignore (§14.2).
    case whole
    /// These bytes.
    case part(Range<Int>)
    /// No byte that there is.
    case unsatisfiable

    /// Reads a Range field.
    init(_ field: UnsafeRawBufferPointer?, byteCount: Int) {
        self = .whole
        let prefix = "bytes="
        guard let field, field.count > prefix.utf8.count,
            field.prefix(prefix.utf8.count).elementsEqual(
                prefix.utf8, by: { $0 | 0x20 == $1 | 0x20 })
        else { return }
        let text = field[prefix.utf8.count...]
        guard let dash = text.firstIndex(of: UInt8(ascii: "-")),
            let first = Self.number(text[..<dash]),
            let last = Self.number(text[(dash + 1)...])
        else { return }
        switch (first, last) {
        case (nil, nil): return
        case (nil, let suffix?):
            self =
                suffix == 0 || byteCount == 0
                ? .unsatisfiable : .part(max(0, byteCount - suffix)..<byteCount)
        case (let first?, nil):
            self = first < byteCount ? .part(first..<byteCount) : .unsatisfiable
        case (let first?, let last?):
            if last < first { return }
            self =
                first < byteCount
                ? .part(first..<min(last, byteCount - 1) + 1) : .unsatisfiable
        }
    }

    /// nil inside for no digits at all; nil for anything that is not digits alone.
    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int?? {
        if digits.isEmpty { return .some(nil) }
        var number = 0
        for byte in digits {
            guard byte &- 48 <= 9 else { return nil }
            // Beyond every content; more digits change nothing.
            number = min(number * 10 + Int(byte - 48), 1 << 50)
        }
        return .some(number)
    }
}
