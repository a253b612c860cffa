import CNghttp2

/// Decodes the field sections that a client sends (RFC 7541): nghttp2's decoder, with its table.
struct FieldDecoder {
    private let inflater: OpaquePointer

    /// Makes one; nil when there is no memory for it.
    ///
    /// - Parameter memory: where it takes its memory; it outlives the decoder.
    init?(_ memory: UnsafeMutablePointer<nghttp2_mem>) {
        var inflater: OpaquePointer?
        guard nghttp2_hd_inflate_new2(&inflater, memory) == 0, let inflater else { return nil }
        self.inflater = inflater
    }

    /// Returns the memory.
    func deallocate() { nghttp2_hd_inflate_del(inflater) }

    /// Decodes a part of a field section.
    ///
    /// - Parameters:
    ///   - isLast: whether the section ends with it.
    ///   - body: called with each field; name and value are valid during the call.
    /// - Returns: why it cannot be decoded, and then the connection is at its end; nil for no reason.
    @inline(__always)
    func decode(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, isLast: Bool,
        _ body: (UnsafePointer<UInt8>, Int, UnsafePointer<UInt8>, Int) -> Void
    ) -> Farewell? {
        var next = bytes
        var left = count
        while true {
            var field = nghttp2_nv()
            var flags: Int32 = 0
            let read = nghttp2_hd_inflate_hd2(inflater, &field, &flags, next, left, isLast ? 1 : 0)
            if read < 0 {
                return read == Int(NGHTTP2_ERR_NOMEM.rawValue) ? .outOfMemory : .undecodable
            }
            next += read
            left -= read
            let isField = flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0
            if isField { body(field.name, field.namelen, field.value, field.valuelen) }
            if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                nghttp2_hd_inflate_end_headers(inflater)
                return nil
            }
            if !isField, left == 0 { return isLast ? .undecodable : nil }
        }
    }
}
