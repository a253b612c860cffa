import CSodium

/// BLAKE2b (RFC 7693) as a stream; with 64 bytes it is what the command `b2sum` prints.
public struct BLAKE2b: ~Copyable {
    // SAFETY: allocated in init and freed in deinit, aligned as the state must be.
    private let state: OpaquePointer
    private let byteCount: Int

    private static let stateAlignment = 64
    /// Chooses the fastest code for this processor; without it libsodium takes the portable one.
    private static let isReady = sodium_init() >= 0

    /// Begins a hash of this many bytes, 16…64.
    ///
    /// - Parameter key: who does not have it can neither make the hash nor try bytes against it.
    public init(bytes byteCount: Int = 64, key: SecretKey? = nil) {
        precondition(Self.isReady && (16...64).contains(byteCount))
        self.byteCount = byteCount
        // SAFETY: freed in deinit.
        state = OpaquePointer(
            UnsafeMutableRawPointer.allocate(
                byteCount: crypto_generichash_blake2b_statebytes(),
                alignment: Self.stateAlignment))
        crypto_generichash_blake2b_init(
            state, key?.bytes, key == nil ? 0 : SecretKey.byteCount, byteCount)
        withExtendedLifetime(key) {}
    }

    deinit { UnsafeMutableRawPointer(state).deallocate() }

    /// Takes in some bytes.
    public func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        // SAFETY: read during the call only.
        let first = start.assumingMemoryBound(to: UInt8.self)
        crypto_generichash_blake2b_update(state, first, UInt64(bytes.count))
    }

    /// Ends the hash.
    public consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        crypto_generichash_blake2b_final(state, &digest, byteCount)
        return digest
    }

    /// The hash of some bytes.
    public static func hash(_ bytes: UnsafeRawBufferPointer, bytes byteCount: Int) -> [UInt8] {
        let hash = BLAKE2b(bytes: byteCount)
        hash.update(bytes)
        return hash.finish()
    }
}
