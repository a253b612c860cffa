import CSodium

/// A BLAKE2b-256 hash over what a request asks for, fed piece by piece: a body that is streamed to
/// the store is never whole in memory.
public final class RequestFingerprint {
    // SAFETY: allocated in init with the alignment that libsodium asks for, freed in deinit.
    private let state: UnsafeMutableRawPointer

    /// Begins with the operation, so that one key for two operations is told as the mistake it is.
    public init(operation: some StringProtocol) {
        state = .allocate(
            byteCount: crypto_generichash_blake2b_statebytes(), alignment: 64)
        crypto_generichash_blake2b_init(OpaquePointer(state), nil, 0, Self.byteCount)
        // SAFETY: the array's own bytes, during this call.
        Array(operation.utf8).withUnsafeBytes { add($0) }
    }

    deinit { state.deallocate() }

    /// Bytes of a fingerprint.
    public static let byteCount = 32

    /// Adds one part. Its length goes before it, so that bytes cannot move between parts unseen.
    public func add(_ part: UnsafeRawBufferPointer) {
        add(UInt64(part.count))
        append(part)
    }

    /// Adds a number.
    public func add(_ number: UInt64) {
        // SAFETY: the value's own bytes, during this call.
        withUnsafeBytes(of: number.littleEndian) { append($0) }
    }

    /// Adds a piece of a part that comes in pieces; add its length with `add(_:)` when it is known.
    public func append(_ piece: UnsafeRawBufferPointer) {
        // SAFETY: read during this call.
        crypto_generichash_blake2b_update(
            OpaquePointer(state), piece.baseAddress?.assumingMemoryBound(to: UInt8.self),
            UInt64(piece.count))
    }

    /// The hash of all that was added; nothing may be added afterwards.
    public func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.byteCount)
        crypto_generichash_blake2b_final(OpaquePointer(state), &digest, digest.count)
        return digest
    }
}
