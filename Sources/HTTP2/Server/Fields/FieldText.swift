import Glibc

/// The bytes of a field section that is being written (RFC 7541 §5 and §6).
struct FieldText {
    // What the first byte of a field says: RFC 7541 §6.
    static let indexed: UInt8 = 0x80
    static let toBeIndexed: UInt8 = 0x40
    static let tableSize: UInt8 = 0x20
    static let notIndexed: UInt8 = 0

    /// Entries of the static table (RFC 7541 §A).
    static let staticEntries = 61
    /// Bytes that an entry of the dynamic table counts besides its name and value (RFC 7541 §4.1).
    static let entryBytes = 32
    /// Bytes that a field takes besides its name and value, at most: three numbers of up to 31 bits. A
    /// status, with two sizes of the table ahead of it, takes no more.
    static let fixedBytes = 24

    // SAFETY: the caller has room for all that is written.
    private let start: UnsafeMutableRawPointer
    private(set) var count = 0

    init(_ space: UnsafeMutableRawPointer) { start = space }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// An integer behind a prefix of so many bits (RFC 7541 §5.1).
    @inline(__always)
    mutating func integer(_ number: Int, _ mark: UInt8, _ bits: UInt8) {
        let most = 1 << Int(bits) - 1
        if number < most { return put(mark | UInt8(truncatingIfNeeded: number)) }
        put(mark | UInt8(truncatingIfNeeded: most))
        var rest = number - most
        while rest >= 0x80 {
            put(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        put(UInt8(truncatingIfNeeded: rest))
    }

    /// A string as it is (RFC 7541 §5.2).
    @inline(__always)
    mutating func string(_ bytes: UnsafePointer<UInt8>?, _ length: Int) {
        integer(length, 0, 7)
        if let bytes, length > 0 { memcpy(start + count, bytes, length) }
        count += length
    }

    /// The name of a literal field: by its place in the static table, by another one, or as it is.
    @inline(__always)
    mutating func literal(_ mark: UInt8, _ bits: UInt8, _ field: ResponseField, _ index: Int?) {
        let known = field.staticIndex ?? index
        integer(known ?? 0, mark, bits)
        if known == nil { string(field.name.utf8Start, field.name.utf8CodeUnitCount) }
    }

    /// `:status`, of which the static table has the usual ones.
    @inline(__always)
    mutating func status(_ status: Int) {
        let name = 8
        switch status {
        case 200: put(Self.indexed | 8)
        case 204: put(Self.indexed | 9)
        case 206: put(Self.indexed | 10)
        case 304: put(Self.indexed | 11)
        case 400: put(Self.indexed | 12)
        case 404: put(Self.indexed | 13)
        case 500: put(Self.indexed | 14)
        default:
            integer(name, Self.notIndexed, 4)
            put(3)
            count += DecimalText.write(UInt64(status), to: start + count)
        }
    }
}

extension ResponseField {
    /// The name's place in the static table (RFC 7541 §A).
    @inline(__always)
    var staticIndex: Int? {
        switch self {
        case .acceptEncoding: 16
        case .acceptRanges: 18
        case .allow: 22
        case .cacheControl: 24
        case .contentDisposition: 25
        case .contentLength: 28
        case .contentRange: 30
        case .contentType: 31
        case .etag: 34
        case .link: 45
        case .location: 46
        case .retryAfter: 53
        case .wwwAuthenticate: 61
        case .totalCount, .deprecation, .contentTypeOptions, .acceptPatch, .idempotencyReplayed,
            .relaySeq, .relayMissing:
            nil
        }
    }
}
