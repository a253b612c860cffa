import Glibc

/// Percent-encoding in URIs (RFC 3986 §2.1).
public enum PercentEncoding {
    /// Where the first percent sign stands that no two hexadecimal digits follow; nil when there is
    /// none.
    public static func firstFault(in text: UnsafeRawBufferPointer) -> Int? {
        var position = 0
        while position < text.count {
            // SAFETY: within the text, which the caller keeps alive.
            let rest = text.baseAddress! + position
            guard let found = memchr(rest, 0x25, text.count - position) else { return nil }
            position += UnsafeRawPointer(found) - rest
            if octet(in: text, at: position) == nil { return position }
            position += 3
        }
        return nil
    }

    /// The byte that an escape stands for; nil when no escape begins there.
    static func octet(in text: UnsafeRawBufferPointer, at position: Int) -> UInt8? {
        guard position + 2 < text.count, text[position] == UInt8(ascii: "%"),
            let high = digit(text[position + 1]), let low = digit(text[position + 2])
        else { return nil }
        return high << 4 | low
    }

    /// The value of a hexadecimal digit.
    public static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Decodes in place the escapes of characters that need none, which names the same (§6.2.2.2).
    ///
    /// - Returns: how many bytes are left.
    public static func normalize(_ text: UnsafeMutableRawBufferPointer) -> Int {
        var (from, to) = (0, 0)
        while from < text.count {
            // SAFETY: the same bytes, read during the call.
            if let byte = octet(in: UnsafeRawBufferPointer(text), at: from), isUnreserved(byte) {
                text[to] = byte
                from += 3
            } else {
                text[to] = text[from]
                from += 1
            }
            to += 1
        }
        return to
    }

    /// Whether a byte may stand in a path or a query as it is: pchar, `/`, `?`, and the percent sign
    /// of an escape.
    @inline(__always)
    public static func isAllowed(_ byte: UInt8) -> Bool {
        if isUnreserved(byte) { return true }
        return switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$")...UInt8(ascii: ","), UInt8(ascii: "/"),
            UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "?"),
            UInt8(ascii: "@"):
            true
        default: false
        }
    }

    @inline(__always)
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// The two digits of a byte's escape.
    public static func digits(of byte: UInt8) -> (UInt8, UInt8) {
        func digit(_ value: UInt8) -> UInt8 { value + (value < 10 ? 0x30 : 0x37) }
        return (digit(byte >> 4), digit(byte & 15))
    }

    /// A path with every byte escaped that may not stand in a URI.
    static func encoded(_ path: UnsafeRawBufferPointer) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(path.count)
        for (position, byte) in path.enumerated() {
            if isAllowed(byte) && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "?")
                || octet(in: path, at: position) != nil
            {
                text.append(byte)
            } else {
                let (high, low) = digits(of: byte)
                text += [UInt8(ascii: "%"), high, low]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
