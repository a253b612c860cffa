import CNghttp2

/// The fields of a kind of request, prepared once: only `:path` differs from one to the next.
///
/// Not Sendable: each client loop has templates of its own.
public final class RequestTemplate {
    let fields: UnsafeMutablePointer<nghttp2_nv>
    let count: Int
    private let text: UnsafeMutablePointer<UInt8>
    /// Where `:path` stands among the fields.
    private static let pathIndex = 3

    /// Prepares a method and all fields but `:path`; field names in lower case.
    public init(_ method: String, authority: String = "localhost", fields: [HeaderField] = []) {
        let pairs =
            [
                HeaderField(":method", method), HeaderField(":scheme", "http"),
                HeaderField(":authority", authority), HeaderField(":path", ""),
            ] + fields
        count = pairs.count
        // SAFETY: both blocks are freed in deinit; a loop is handed the template with each request
        // and nghttp2 copies the pairs, and sends the names and values before the turn ends or
        // keeps the loop's promise that templates outlive its requests.
        self.fields = .allocate(capacity: count)
        text = .allocate(
            capacity: max(1, pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }))
        var offset = 0
        for (index, pair) in pairs.enumerated() {
            let start = text + offset
            for byte in pair.name.utf8 + Array(pair.value.utf8) {
                text[offset] = byte
                offset += 1
            }
            let nameLength = pair.name.utf8.count
            let flags =
                NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
            self.fields[index] = nghttp2_nv(
                name: start, value: start + nameLength, namelen: nameLength,
                valuelen: pair.value.utf8.count, flags: UInt8(flags))
        }
    }

    deinit {
        fields.deallocate()
        text.deallocate()
    }

    /// Points `:path` to a request's own.
    @inline(__always)
    func setPath(_ path: UnsafeMutablePointer<UInt8>, _ length: Int) {
        fields[Self.pathIndex].value = path
        fields[Self.pathIndex].valuelen = length
    }
}
