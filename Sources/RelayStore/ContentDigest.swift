import CSodium

/// BLAKE2b-256 of a content: what its entity tag is made of.
public struct ContentDigest: Hashable, Sendable {
    /// The 32 bytes as four words, as they lie in memory.
    public let words: SIMD4<UInt64>

    /// A digest from its words.
    public init(words: SIMD4<UInt64>) { self.words = words }
}

/// Computes a digest piece by piece.
final class ContentHasher {
    // SAFETY: allocated in init, deallocated in deinit; libsodium wants 64-byte alignment.
    private let state: UnsafeMutableRawPointer

    init() {
        // SAFETY: until deinit.
        state = .allocate(byteCount: crypto_generichash_statebytes(), alignment: 64)
        crypto_generichash_init(OpaquePointer(state), nil, 0, 32)
    }

    deinit { state.deallocate() }

    func update(_ bytes: UnsafeRawBufferPointer) {
        // SAFETY: read during the call only.
        crypto_generichash_update(
            OpaquePointer(state), bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            UInt64(bytes.count))
    }

    /// The digest; nothing may follow.
    func finish() -> ContentDigest {
        var words = SIMD4<UInt64>()
        // SAFETY: 32 bytes of a local variable.
        withUnsafeMutableBytes(of: &words) { bytes in
            _ = crypto_generichash_final(
                OpaquePointer(state), bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), 32)
        }
        return ContentDigest(words: words)
    }
}
