import JSON
import RelayStore

/// The file `key` of an encrypted repository: the repository's own key, sealed with the one that its
/// owner gives. So that one can be changed, and nothing else is written anew.
///
/// A JSON object in one line, closed by a checksum as a manifest is: damage is told from a wrong key.
///
///     {"format":1,"repository":"…","openedBy":"keyFile","wrapped":"…","checksum":"…"}
///     {"format":1,"repository":"…","openedBy":"passphrase","passes":3,"memory":67108864,"salt":"…",
///      "wrapped":"…","checksum":"…"}
struct KeyRecord: Equatable {
    /// How the key that its owner gives is made of what is in a file.
    enum Derivation: Equatable {
        /// It stands there.
        case keyFile
        /// Argon2id makes it of a passphrase.
        case passphrase(salt: [UInt8], passes: Int, memory: Int)

        /// For a new passphrase.
        static func newPassphrase() -> Derivation {
            .passphrase(
                salt: SecretKey.randomSalt(), passes: Limits.passphrasePasses,
                memory: Limits.passphraseMemory)
        }
    }

    static let version = 1
    /// Under which the repository's key is sealed.
    private static let wrappedName = "relay key"

    /// What tells the repository from others, see `RepositoryCipher`.
    let repository: String
    let derivation: Derivation
    let wrapped: [UInt8]

    /// Seals a repository's key.
    init(_ key: SecretKey, _ derivation: Derivation, with ownersKey: SecretKey) {
        repository = RepositoryCipher(key).publicID
        self.derivation = derivation
        wrapped = key.wrapped(with: ownersKey, naming: Self.wrappedName)
    }

    /// The repository's key; nil if the owner's is another.
    func key(with ownersKey: SecretKey) -> SecretKey? {
        SecretKey.unwrapped(wrapped, with: ownersKey, naming: Self.wrappedName)
    }

    // MARK: The file

    var encoded: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("format", Self.version)
        writer.member("repository", repository)
        switch derivation {
        case .keyFile: writer.member("openedBy", "keyFile")
        case .passphrase(let salt, let passes, let memory):
            writer.member("openedBy", "passphrase")
            writer.member("passes", passes)
            writer.member("memory", memory)
            writer.member("salt", hexadecimal(salt))
        }
        writer.member("wrapped", hexadecimal(wrapped))
        writer.endObject()
        return Manifest.closed(Array(writer.bytes.dropLast()))
    }

    /// Reads it back; nil unless it is what was written. What a newer program wrote is no damage.
    init?(_ file: [UInt8], path: String) throws(SnapshotError) {
        guard Manifest.isWhole(file) else { return nil }
        var version = Self.version
        let read = try? JSONParser().parse(file) { json -> KeyRecord? in
            version = json["format"]?.integer.flatMap { Int(exactly: $0) } ?? version
            return Self.members(json)
        }
        if version > Self.version { throw .newerFormat(path: path, version: version) }
        guard let record = read ?? nil else { return nil }
        self = record
    }

    private init(repository: String, _ derivation: Derivation, _ wrapped: [UInt8]) {
        self.repository = repository
        self.derivation = derivation
        self.wrapped = wrapped
    }

    private static func members(_ json: JSONValue) -> KeyRecord? {
        func bytes(_ name: StaticString) -> [UInt8]? {
            json[name]?.string.flatMap { fromHexadecimal(Array(String($0).utf8)) }
        }
        func integer(_ name: StaticString) -> Int? {
            json[name]?.integer.flatMap { Int(exactly: $0) }
        }
        guard let wrapped = bytes("wrapped"),
            let means = json["openedBy"]?.string.map({ String($0) }),
            let repository = json["repository"]?.string.map({ String($0) })
        else {
            return nil
        }
        if means == "keyFile" { return KeyRecord(repository: repository, .keyFile, wrapped) }
        // Whoever could write here must not have this program take all memory, or years.
        guard means == "passphrase", let salt = bytes("salt"), salt.count == SecretKey.saltBytes,
            let passes = integer("passes"), Limits.passphrasePassesRead.contains(passes),
            let memory = integer("memory"), Limits.passphraseMemoryRead.contains(memory)
        else { return nil }
        return KeyRecord(
            repository: repository, .passphrase(salt: salt, passes: passes, memory: memory), wrapped
        )
    }
}

/// The bytes that lower-case hexadecimal digits say; nil for anything else.
func fromHexadecimal(_ digits: [UInt8]) -> [UInt8]? {
    guard digits.count.isMultiple(of: 2) else { return nil }
    func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: digits.count, by: 2) {
        guard let high = value(digits[start]), let low = value(digits[start + 1]) else {
            return nil
        }
        bytes.append(high << 4 | low)
    }
    return bytes
}
