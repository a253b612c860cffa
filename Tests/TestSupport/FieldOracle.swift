import CNghttp2

/// A field as it is on the wire.
public struct WireField: Equatable, Sendable {
    /// The bytes of its name.
    public var name: [UInt8]
    /// The bytes of its value.
    public var value: [UInt8]

    /// Makes one of text.
    public init(_ name: String, _ value: String) {
        self.init(Array(name.utf8), Array(value.utf8))
    }

    /// Makes one of bytes.
    public init(_ name: [UInt8], _ value: [UInt8]) { (self.name, self.value) = (name, value) }
}

/// Another decoder of field sections (RFC 7541): nghttp2's.
public final class FieldOracle {
    private var inflater: OpaquePointer?

    /// Makes one; traps without memory.
    public init() { precondition(nghttp2_hd_inflate_new(&inflater) == 0, "there is memory") }

    deinit { nghttp2_hd_inflate_del(inflater) }

    /// Fields in its dynamic table.
    public var entries: Int { nghttp2_hd_inflate_get_num_table_entries(inflater) - 61 }

    /// Our SETTINGS have told how large the table may be.
    public func resize(_ bytes: UInt32) {
        nghttp2_hd_inflate_change_table_size(inflater, Int(bytes))
    }

    /// Decodes a section.
    ///
    /// - Returns: its fields, as far as they can be decoded; and whether that is all of it.
    public func decode(_ section: [UInt8]) -> (fields: [WireField], isSound: Bool) {
        var fields: [WireField] = []
        var position = 0
        while true {
            var field = nghttp2_nv()
            var flags: Int32 = 0
            // SAFETY: nghttp2 reads as many bytes as it is told of, and lends the field until the next call.
            let read = section.withUnsafeBufferPointer { bytes in
                withUnsafePointer(to: UInt8(0)) { none in
                    nghttp2_hd_inflate_hd2(
                        inflater, &field, &flags, (bytes.baseAddress ?? none) + position,
                        bytes.count - position, 1)
                }
            }
            if read < 0 { return (fields, false) }
            position += read
            let isField = flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0
            if isField {
                fields.append(
                    WireField(
                        Array(UnsafeBufferPointer(start: field.name, count: field.namelen)),
                        Array(UnsafeBufferPointer(start: field.value, count: field.valuelen))))
            }
            if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                nghttp2_hd_inflate_end_headers(inflater)
                return (fields, true)
            }
            if !isField, position == section.count { return (fields, false) }
        }
    }
}

/// Another encoder of field sections: nghttp2's.
public final class FieldCoder {
    private var deflater: OpaquePointer?

    /// Makes one; traps without memory.
    public init() { precondition(nghttp2_hd_deflate_new(&deflater, 4_096) == 0, "there is memory") }

    deinit { nghttp2_hd_deflate_del(deflater) }

    /// Changes how large the table is; the next section says so.
    public func resize(_ bytes: Int) { nghttp2_hd_deflate_change_table_size(deflater, bytes) }

    /// Encodes a section.
    public func encode(_ fields: [WireField]) -> [UInt8] {
        // SAFETY: each field's bytes are the allocation's until it is freed below.
        let memory = fields.map { field in
            let bytes = UnsafeMutablePointer<UInt8>.allocate(
                capacity: field.name.count + field.value.count + 1)
            for (index, byte) in (field.name + field.value).enumerated() { bytes[index] = byte }
            return bytes
        }
        defer { for bytes in memory { bytes.deallocate() } }
        let pairs = zip(fields, memory).map { field, bytes in
            nghttp2_nv(
                name: bytes, value: bytes + field.name.count, namelen: field.name.count,
                valuelen: field.value.count, flags: 0)
        }
        var section = [UInt8](
            repeating: 0, count: nghttp2_hd_deflate_bound(deflater, pairs, pairs.count))
        let count = nghttp2_hd_deflate_hd(
            deflater, &section, section.count, pairs, pairs.count)
        precondition(count >= 0, "there is room")
        return Array(section[..<count])
    }
}
