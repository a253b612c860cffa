import CSodium

/// A key of 32 bytes in memory that is locked, is left out of core dumps, and is zeroed at the end
/// (libsodium's `sodium_malloc`).
public final class SecretKey: @unchecked Sendable {
    // SAFETY: allocated and filled in init, only read from then on, and freed in deinit.
    let bytes: UnsafeMutablePointer<UInt8>

    /// Bytes of every key.
    public static let byteCount = 32
    /// Bytes of the salt of a passphrase.
    public static let saltBytes = 16
    private static let isReady = sodium_init() >= 0

    /// - Parameter fill: writes the 32 bytes.
    private init(filledBy fill: (UnsafeMutablePointer<UInt8>) -> Void) {
        precondition(Self.isReady, "libsodium starts")
        guard let room = sodium_malloc(Self.byteCount) else {
            preconditionFailure("there is memory for a key")
        }
        // SAFETY: as many bytes as were asked for.
        bytes = room.assumingMemoryBound(to: UInt8.self)
        fill(bytes)
    }

    deinit { sodium_free(bytes) }

    /// A new key of random bits.
    public static func random() -> SecretKey {
        SecretKey { randombytes_buf($0, Self.byteCount) }
    }

    /// The key of these 32 bytes.
    public convenience init(_ source: [UInt8]) {
        precondition(source.count == Self.byteCount, "a key has 32 bytes")
        self.init { $0.update(from: source, count: Self.byteCount) }
    }

    /// The key that Argon2id (RFC 9106) makes of a passphrase; nil if there is not so much memory.
    ///
    /// - Parameters:
    ///   - salt: 16 random bytes.
    ///   - passes: how often the memory is gone over.
    ///   - memory: bytes that it takes while it runs.
    public static func of(
        passphrase: [UInt8], salt: [UInt8], passes: Int, memory: Int
    ) -> SecretKey? {
        precondition(salt.count == Self.saltBytes, "a salt has 16 bytes")
        precondition(!passphrase.isEmpty, "a passphrase is not empty")
        var code: Int32 = 0
        let key = SecretKey { bytes in
            code = passphrase.withUnsafeBytes { text in
                // SAFETY: the passphrase is read during the call; the key has room for 32 bytes.
                crypto_pwhash(
                    bytes, UInt64(Self.byteCount),
                    text.baseAddress!.assumingMemoryBound(to: CChar.self), UInt64(text.count),
                    salt, UInt64(passes), memory, crypto_pwhash_alg_argon2id13())
            }
        }
        return code == 0 ? key : nil
    }

    /// Another key that is made of this one (`crypto_kdf`), for one purpose.
    ///
    /// - Parameter context: 8 letters that say what for.
    public func derived(_ number: UInt64, for context: String) -> SecretKey {
        precondition(context.utf8.count == 8, "a context has 8 letters")
        return SecretKey { bytes in
            crypto_kdf_derive_from_key(bytes, Self.byteCount, number, context, self.bytes)
        }
    }

    /// Random bytes that are no secret, such as a salt.
    public static func randomSalt() -> [UInt8] {
        precondition(isReady, "libsodium starts")
        var salt = [UInt8](repeating: 0, count: saltBytes)
        randombytes_buf(&salt, saltBytes)
        return salt
    }
}

extension SecretKey {
    /// This key, sealed with another one.
    public func wrapped(with key: SecretKey, naming name: String) -> [UInt8] {
        // SAFETY: read during the call.
        SecretStream.seal(
            UnsafeRawBufferPointer(start: bytes, count: Self.byteCount), with: key, naming: name)
    }

    /// The key that was sealed; nil unless it was with this other one.
    public static func unwrapped(
        _ sealed: [UInt8], with key: SecretKey, naming name: String
    ) -> SecretKey? {
        guard var plain = SecretStream.open(sealed, with: key, naming: name) else { return nil }
        defer { sodium_memzero(&plain, plain.count) }
        return plain.count == byteCount ? SecretKey(plain) : nil
    }
}
