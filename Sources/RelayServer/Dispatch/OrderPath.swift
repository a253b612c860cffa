import Glibc
import HTTP2

/// Tells paths apart by their shape, without the router: for what is a guess anyway.
enum OrderPath {
    private static let prefix: StaticString = "/v1/orders/"
    private static let files: StaticString = "/v1/attachments/"

    /// Whether a path may be that of a list or a file: it has a query, does not end with an id, or is below
    /// that of files.
    static func mayBeList(_ path: UnsafeRawBufferPointer) -> Bool {
        guard let last = path.last, last &- UInt8(ascii: "0") < 10,
            memchr(path.baseAddress!, Int32(UInt8(ascii: "?")), path.count) == nil
        else { return true }
        let length = files.utf8CodeUnitCount
        // SAFETY: the path's length is checked before its bytes are compared.
        return path.count > length && memcmp(path.baseAddress!, files.utf8Start, length) == 0
    }

    /// The id in `/v1/orders/{id}`, for prefetching; nil for any other path.
    @inline(__always)
    static func id(_ path: UnsafeRawBufferPointer) -> UInt64? {
        let length = prefix.utf8CodeUnitCount
        // SAFETY: the path's length is checked before its bytes are compared.
        guard path.count > length, memcmp(path.baseAddress!, prefix.utf8Start, length) == 0 else {
            return nil
        }
        return DecimalText.read(UnsafeRawBufferPointer(rebasing: path[length...]))
    }
}
