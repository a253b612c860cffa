import Glibc

/// What the decoders of a loop share: the fields and the code that all know, and room for decoded strings.
struct FieldWorkspace {
    let fields = StaticFields()
    let code = HuffmanCode()
    // SAFETY: freed by `deallocate`. They are as large as a string may be; what nobody writes to takes no memory.
    let name = UnsafeMutablePointer<UInt8>.allocate(capacity: Limits.decodedStringBytes)
    let value = UnsafeMutablePointer<UInt8>.allocate(capacity: Limits.decodedStringBytes)
    private let repeated = UnsafeMutablePointer<RepeatedString>.allocate(capacity: 1)

    init() { repeated.initialize(to: RepeatedString()) }

    func deallocate() {
        fields.deallocate()
        code.deallocate()
        name.deallocate()
        value.deallocate()
        repeated.pointee.deallocate()
        repeated.deallocate()
    }

    /// Decodes a name.
    @inline(__always)
    func decodeName(
        _ bytes: UnsafePointer<UInt8>, _ count: Int
    ) -> (bytes: UnsafePointer<UInt8>, count: Int)? {
        // SAFETY: `name` is the workspace's, and as large as a string may be.
        code.decode(bytes, count, to: name).map { (UnsafePointer(name), $0) }
    }

    /// Decodes a value: a long one only if it is not the one that came last.
    @inline(__always)
    func decodeValue(
        _ bytes: UnsafePointer<UInt8>, _ count: Int
    ) -> (bytes: UnsafePointer<UInt8>, count: Int)? {
        let isRepeatable =
            count >= Limits.leastRepeatedBytes && count <= Limits.mostRepeatedBytes
        if isRepeatable, let known = repeated.pointee.find(bytes, count) { return known }
        guard let length = code.decode(bytes, count, to: value) else { return nil }
        if isRepeatable { repeated.pointee.keep(bytes, count, value, length) }
        // SAFETY: as `name`.
        return (UnsafePointer(value), length)
    }
}

/// The long value that was decoded last: of many clients, whose libraries put no `authorization` into the
/// table, it is the next request's too.
private struct RepeatedString {
    // SAFETY: freed by `deallocate`.
    private let coded = UnsafeMutablePointer<UInt8>.allocate(
        capacity: Limits.mostRepeatedBytes)
    private let decoded = UnsafeMutablePointer<UInt8>.allocate(
        capacity: HuffmanCode.bound(Limits.mostRepeatedBytes))
    private var codedCount = 0
    private var decodedCount = 0

    func deallocate() {
        coded.deallocate()
        decoded.deallocate()
    }

    /// What a coded string stands for, if it is this one; it stays until the next is kept.
    @inline(__always)
    func find(
        _ bytes: UnsafePointer<UInt8>, _ count: Int
    ) -> (bytes: UnsafePointer<UInt8>, count: Int)? {
        // SAFETY: its own memory, which stays as long as this.
        count == codedCount && memcmp(coded, bytes, count) == 0
            ? (UnsafePointer(decoded), decodedCount) : nil
    }

    /// Keeps a string of up to `Limits.mostRepeatedBytes`.
    mutating func keep(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, _ decoded: UnsafePointer<UInt8>,
        _ decodedCount: Int
    ) {
        memcpy(coded, bytes, count)
        memcpy(self.decoded, decoded, decodedCount)
        (codedCount, self.decodedCount) = (count, decodedCount)
    }
}
