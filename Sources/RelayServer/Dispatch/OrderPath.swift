import Glibc
import HTTP2

/// Tells paths apart by their shape, without the router: for what is a guess anyway.
enum OrderPath {
    private static let prefix: StaticString = "/v1/orders/"
    private static let files: StaticString = "/v1/attachments/"

    /// Whether a path may be that of a long list or a file: it has a query, it names no record, or it is
    /// below that of files. What a record has, such as its comments, are few.
    static func mayBeLong(_ path: UnsafeRawBufferPointer) -> Bool {
        guard let start = path.baseAddress,
            memchr(start, Int32(UInt8(ascii: "?")), path.count) == nil
        else { return true }
        let length = files.utf8CodeUnitCount
        // SAFETY: the path's length is checked before its bytes are compared.
        if path.count > length, memcmp(start, files.utf8Start, length) == 0 { return true }
        return !path.indices.dropFirst().contains {
            path[$0 - 1] == UInt8(ascii: "/") && path[$0] &- UInt8(ascii: "0") < 10
        }
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
