import CSodium

/// Bytes that are encrypted and authenticated as a whole: one message of libsodium's secretstream
/// (XChaCha20-Poly1305), with its tag FINAL, behind the stream's random header.
///
///     header 24, tag 1 and bytes (encrypted), MAC 16
///
/// A name goes into the MAC: what was sealed under one name cannot be opened under another.
public enum SecretStream {
    private static let headerBytes = 24
    /// Bytes that a sealed message is longer than what it holds.
    public static let overheadBytes = headerBytes + 17

    /// Seals some bytes under a name.
    public static func seal(
        _ plain: UnsafeRawBufferPointer, with key: SecretKey, naming name: String
    ) -> [UInt8] {
        precondition(
            crypto_secretstream_xchacha20poly1305_headerbytes() == headerBytes
                && crypto_secretstream_xchacha20poly1305_abytes() == 17,
            "libsodium has the sizes that the format has")
        var state = crypto_secretstream_xchacha20poly1305_state()
        defer { sodium_memzero(&state, MemoryLayout.size(ofValue: state)) }
        let name = Array(name.utf8)
        let count = plain.count + overheadBytes
        // SAFETY: the plain bytes are read and the sealed ones written during the calls, into room for
        // all of them.
        return [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            crypto_secretstream_xchacha20poly1305_init_push(&state, room.baseAddress!, key.bytes)
            crypto_secretstream_xchacha20poly1305_push(
                &state, room.baseAddress! + headerBytes, nil,
                plain.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(plain.count), name,
                UInt64(name.count), crypto_secretstream_xchacha20poly1305_tag_final())
            filled = count
        }
    }

    /// What was sealed; nil unless it was with this key and under this name, to the last bit.
    public static func open(
        _ sealed: [UInt8], with key: SecretKey, naming name: String
    ) -> [UInt8]? {
        guard sealed.count >= overheadBytes else { return nil }
        var state = crypto_secretstream_xchacha20poly1305_state()
        defer { sodium_memzero(&state, MemoryLayout.size(ofValue: state)) }
        guard crypto_secretstream_xchacha20poly1305_init_pull(&state, sealed, key.bytes) == 0
        else { return nil }
        let name = Array(name.utf8)
        let count = sealed.count - overheadBytes
        var isGenuine = false
        // SAFETY: the sealed bytes are read and the plain ones written during the call, into room for
        // all of them.
        let plain = sealed.withUnsafeBufferPointer { sealed in
            [UInt8](unsafeUninitializedCapacity: count) { room, filled in
                var tag: UInt8 = 0
                let code = crypto_secretstream_xchacha20poly1305_pull(
                    &state, room.baseAddress, nil, &tag, sealed.baseAddress! + headerBytes,
                    UInt64(sealed.count - headerBytes), name, UInt64(name.count))
                isGenuine =
                    code == 0 && tag == crypto_secretstream_xchacha20poly1305_tag_final()
                filled = isGenuine ? count : 0
            }
        }
        return isGenuine ? plain : nil
    }
}
