import Glibc
import Options
import RelayStore
import Synchronization

/// What opens an encrypted repository: a file that its owner has. It is read when a repository is
/// opened, and again once the repository has got another key.
public final class RepositoryKey: Sendable {
    /// What the file has in its first line.
    public enum Source: Equatable, Sendable {
        /// 64 hexadecimal digits.
        case keyFile(String)
        /// A passphrase.
        case passphraseFile(String)

        /// The file's path.
        public var path: String {
            switch self {
            case .keyFile(let path), .passphraseFile(let path): path
            }
        }
    }

    /// For repositories that are not encrypted.
    public static let none = RepositoryKey(nil)

    /// Where it is; nil for none.
    public let source: Source?
    /// What was opened last: Argon2id takes its time and its memory, and a schedule opens its
    /// repository again and again.
    private let opened = Mutex<(record: [UInt8], cipher: RepositoryCipher)?>(nil)

    /// The key in a file.
    public init(_ source: Source?) { self.source = source }

    /// Makes the key file if there is none, for its owner alone; true if it did.
    func makeFile() throws(SnapshotError) -> Bool {
        guard case .keyFile(let path)? = source, try !Disk.exists(path) else { return false }
        let key = SecretKey.randomSalt() + SecretKey.randomSalt()
        try Disk.write(Array((hexadecimal(key) + "\n").utf8), to: path)
        return true
    }

    /// Opens what stands in the file `key` of a repository.
    func cipher(_ file: [UInt8], repository: String) throws(SnapshotError) -> RepositoryCipher {
        if let cipher = opened.withLock({ $0?.record == file ? $0?.cipher : nil }) {
            return cipher
        }
        let place = "\(repository)/\(Repository.keyName)"
        guard let record = try KeyRecord(file, path: place) else {
            throw .damaged(findings: ["\(place) is not what was written"])
        }
        guard let source else { throw .locked(path: repository, record.isByPassphrase) }
        switch (source, record.derivation) {
        case (.keyFile, .keyFile), (.passphraseFile, .passphrase): break
        default: throw .locked(path: repository, record.isByPassphrase)
        }
        let ownersKey = try ownersKey(record.derivation, try line(source.path))
        guard let key = record.key(with: ownersKey) else {
            throw .wrongKey(path: repository, file: source.path)
        }
        let cipher = RepositoryCipher(key)
        guard cipher.publicID == record.repository else {
            throw .damaged(findings: ["\(place) is of another repository"])
        }
        opened.withLock { $0 = (file, cipher) }
        return cipher
    }

    /// Seals a repository's key.
    func record(of key: SecretKey) throws(SnapshotError) -> KeyRecord {
        guard let source else { preconditionFailure("a new key is in a file") }
        let line = try line(source.path)
        let derivation: KeyRecord.Derivation
        switch source {
        case .keyFile: derivation = .keyFile
        case .passphraseFile(let path):
            derivation = .newPassphrase()
            guard line.count >= Limits.shortestPassphrase else {
                throw .badKeyFile(
                    path: path,
                    expected: "a passphrase of \(Limits.shortestPassphrase) bytes or more in its "
                        + "first line")
            }
        }
        return KeyRecord(key, derivation, with: try ownersKey(derivation, line))
    }

    /// The key that its owner gives by the first line of the file.
    private func ownersKey(
        _ derivation: KeyRecord.Derivation, _ line: [UInt8]
    ) throws(SnapshotError) -> SecretKey {
        switch derivation {
        case .keyFile:
            guard let bytes = fromHexadecimal(line), bytes.count == SecretKey.byteCount else {
                throw .badKeyFile(
                    path: source?.path ?? "",
                    expected: "64 hexadecimal digits in its first line, as relayctl snapshot init "
                        + "writes them")
            }
            return SecretKey(bytes)
        case .passphrase(let salt, let passes, let memory):
            guard
                let key = SecretKey.of(
                    passphrase: line, salt: salt, passes: passes, memory: memory)
            else { throw .noPassphraseMemory(bytes: memory) }
            return key
        }
    }

    /// The first line of the file, without its end.
    private func line(_ path: String) throws(SnapshotError) -> [UInt8] {
        let file: [UInt8]
        do throws(WholeFileError) {
            file = try WholeFile.read(path, atMost: Limits.keyFileBytes)
        } catch .system(_, ENOENT) {
            throw .noKeyFile(path: path)
        } catch .system(let path, let code) {
            throw .system(call: "read", path: path, errno: code)
        } catch {
            throw .badKeyFile(path: path, expected: "\(Limits.keyFileBytes) bytes at most")
        }
        var line = file.prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else {
            throw .badKeyFile(path: path, expected: "a key or a passphrase in its first line")
        }
        return Array(line)
    }
}

extension KeyRecord {
    fileprivate var isByPassphrase: Bool { derivation != .keyFile }
}
