import RelayStore

/// What keeps the files of an encrypted repository from whoever lacks its key; of any other one,
/// what leaves them as they are.
///
/// Every file is one sealed message (`SecretStream`) but a pack, which has one for each frame and one
/// for its index: a frame is what is read and decompressed for a page, so no page takes more than
/// before. The name under which a message is sealed says what it is and, where that is not in a
/// name already sealed, which: so none can stand for another. The names of files are keyed hashes.
///
/// Two keys are made of the repository's: one seals, one hashes.
struct RepositoryCipher: Sendable {
    /// What a message is.
    enum Kind: String {
        case manifest
        case map
        /// The index of a pack.
        case pack
        /// A frame of a pack, named by its number: the pack's index has its sum.
        case frame
        case verification
    }

    private struct Keys: Sendable {
        let data: SecretKey
        let sealing: SecretKey
        let naming: SecretKey
    }

    private let keys: Keys?

    /// Of a repository that is not encrypted.
    static let none = RepositoryCipher(keys: nil)

    private init(keys: Keys?) { self.keys = keys }

    /// Of a repository with this key.
    init(_ key: SecretKey) {
        keys = Keys(
            data: key, sealing: key.derived(1, for: Self.context),
            naming: key.derived(2, for: Self.context))
    }

    private static let context = "relaysnp"

    /// The repository's key; nil if it is not encrypted.
    var key: SecretKey? { keys?.data }

    /// What tells a repository from others, and nothing of its key.
    var publicID: String { hexadecimal(hash(Array("relay repository".utf8), bytes: 16)) }

    var isEncrypted: Bool { keys != nil }

    /// Bytes by which a sealed message is longer than what it holds.
    var overheadBytes: Int { isEncrypted ? SecretStream.overheadBytes : 0 }

    /// A message as it stands in the repository.
    func seal(_ bytes: [UInt8], _ kind: Kind, _ name: String) -> [UInt8] {
        guard let keys else { return bytes }
        // SAFETY: read inside the closure.
        return bytes.withUnsafeBytes {
            SecretStream.seal($0, with: keys.sealing, naming: Self.full(kind, name))
        }
    }

    /// What a message holds; nil unless it was sealed so.
    func open(_ sealed: [UInt8], _ kind: Kind, _ name: String) -> [UInt8]? {
        guard let keys else { return sealed }
        return SecretStream.open(sealed, with: keys.sealing, naming: Self.full(kind, name))
    }

    private static func full(_ kind: Kind, _ name: String) -> String {
        "relay \(kind.rawValue) \(name)"
    }

    /// BLAKE2b of some bytes behind each other, with the key if there is one.
    func hash(_ parts: [UInt8]..., bytes: Int) -> [UInt8] {
        let hash = BLAKE2b(bytes: bytes, key: keys?.naming)
        for part in parts {
            // SAFETY: taken in inside the closure.
            part.withUnsafeBytes { hash.update($0) }
        }
        return hash.finish()
    }
}
