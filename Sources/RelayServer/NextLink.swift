import HTTP2
import RelayContract

extension RelayExchange {
    /// `Link: </v1/orders?limit=50&status=OPEN&cursor=…>; rel="next"` (RFC 8288): the request's own
    /// path and filters, as they came, with the cursor in place of where this page began.
    func setLink(
        _ limit: Int, cursorBytes: Int, writeCursor: (UnsafeMutableRawPointer) -> Void
    ) {
        let capacity = path.count + query.count + cursorBytes + Limits.linkBytes
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
        var rest = query[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            let pair = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            if pair.isEmpty || Self.isPage(name) { continue }
            text.append("&")
            // SAFETY: a part of the query, which lives as long as the exchange.
            text.append(UnsafeRawBufferPointer(rebasing: pair))
        }
    }

    private static func isPage(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
        name.elementsEqual("limit".utf8) || name.elementsEqual("offset".utf8)
            || name.elementsEqual("cursor".utf8)
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
