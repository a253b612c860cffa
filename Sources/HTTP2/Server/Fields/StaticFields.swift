/// Fields that either side knows from the beginning (RFC 7541 §A).
struct StaticFields {
    private static let fields: [(name: StaticString, value: StaticString)] = [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"),
        (":path", "/index.html"), (":scheme", "http"), (":scheme", "https"), (":status", "200"),
        (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
        (":status", "404"), (":status", "500"), ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""),
        ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""),
        ("authorization", ""), ("cache-control", ""), ("content-disposition", ""),
        ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""),
        ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""),
        ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
        ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""),
        ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""),
        ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""),
        ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""),
        ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ]

    private let found: UnsafeMutablePointer<FieldBytes>

    init() {
        precondition(Self.fields.count == FieldText.staticEntries, "all of RFC 7541's")
        // SAFETY: freed by `deallocate`; the bytes are the program's.
        found = .allocate(capacity: Self.fields.count)
        for (index, field) in Self.fields.enumerated() {
            (found + index).initialize(
                to: FieldBytes(
                    name: field.name.utf8Start, nameLength: field.name.utf8CodeUnitCount,
                    value: field.value.utf8Start, valueLength: field.value.utf8CodeUnitCount))
        }
    }

    func deallocate() { found.deallocate() }

    /// The field of an index from 1 to `FieldText.staticEntries`.
    @inline(__always)
    subscript(index: Int) -> FieldBytes {
        // SAFETY: there are as many.
        found[index - 1]
    }
}

/// A field's name and value, where they lie.
struct FieldBytes {
    // SAFETY: whoever hands them out says how long they stay.
    var name: UnsafePointer<UInt8>
    var nameLength: Int
    var value: UnsafePointer<UInt8>
    var valueLength: Int
}
