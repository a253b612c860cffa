import HTTP2
import RelayContract

extension RelayExchange {
    /// `Link: </v1/orders?limit=50&status=OPEN&cursor=…>; rel="next"` (RFC 8288): the request's own
    /// path and filters, as they came, with the cursor in place of where this page began. What may not
    /// stand in a URI is escaped there.
    func setLink(
        _ limit: Int, cursorBytes: Int, writeCursor: (UnsafeMutableRawPointer) -> Void
    ) {
        let escapes = query.count { !PercentEncoding.isAllowed($0) }
        let capacity =
            path.count + query.count + 2 * escapes + cursorBytes + Limits.linkBytes
        var text = FieldText(http.reserveValue(capacity), capacity)
        text.append("<")
        text.append(path)
        text.append("?limit=")
        text.append(UInt64(limit))
        appendFilters(to: &text)
        text.append("&cursor=")
        writeCursor(text.reserve(cursorBytes))
        text.append(">; rel=\"next\"")
        http.commit(.link, text.space, text.length)
    }

    /// The parameters that do not say which page it is.
    private func appendFilters(to text: inout FieldText) {
        var start = 0
        while start < query.count {
            let end = position(of: UInt8(ascii: "&"), from: start)
            // SAFETY: parts of the query, which lives as long as the exchange.
            let pair = UnsafeRawBufferPointer(rebasing: query[start..<end])
            let name = UnsafeRawBufferPointer(
                rebasing: query[start..<min(end, position(of: UInt8(ascii: "="), from: start))])
            start = end + 1
            if pair.isEmpty || Self.isPage(QueryText(name)) { continue }
            text.append("&")
            text.append(escaping: pair)
        }
    }

    /// Where a byte comes next in the query; its end if it does not.
    @inline(__always)
    private func position(of byte: UInt8, from start: Int) -> Int {
        var index = start
        while index < query.count, query[index] != byte { index &+= 1 }
        return index
    }

    private static func isPage(_ name: QueryText) -> Bool {
        name.matches("limit") || name.matches("offset") || name.matches("cursor")
    }
}

/// A field value that is written piece by piece into room that was reserved for it.
struct FieldText {
    /// Where it begins.
    let space: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var length = 0

    init(_ space: UnsafeMutableRawPointer, _ capacity: Int) {
        self.space = space
        self.capacity = capacity
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        // SAFETY: `reserve` checks that the bytes fit the room.
        UnsafeMutableRawBufferPointer(start: reserve(bytes.count), count: bytes.count)
            .copyMemory(from: bytes)
    }

    mutating func append(escaping bytes: UnsafeRawBufferPointer) {
        if bytes.allSatisfy(PercentEncoding.isAllowed) { return append(bytes) }
        for byte in bytes {
            let isAllowed = PercentEncoding.isAllowed(byte)
            let space = reserve(isAllowed ? 1 : 3)
            let (high, low) = PercentEncoding.digits(of: byte)
            let text = isAllowed ? [byte] : [UInt8(ascii: "%"), high, low]
            space.copyMemory(from: text, byteCount: text.count)
        }
    }

    mutating func append(_ text: StaticString) {
        // SAFETY: a static string is never freed.
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ number: UInt64) {
        precondition(length + 20 <= capacity, "a link fits its room")
        length += DecimalText.write(number, to: space + length)
    }

    mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        precondition(length + count <= capacity, "a link fits its room")
        defer { length += count }
        return space + length
    }
}
