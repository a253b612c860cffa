import Glibc
import HTTP2

/// Recognises `/v1/orders/{id}` for prefetching.
enum OrderPath {
    private static let prefix: StaticString = "/v1/orders/"

    /// The id in such a path; nil for any other path.
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
