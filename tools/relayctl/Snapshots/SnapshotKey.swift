import JSON
import Options
import RelaySnapshots

/// What opens an encrypted repository, as the command line or a variable says it, and
/// `relayctl snapshot key change`.
enum SnapshotKey {
    /// The key of the repository that a command is about. Whoever types one file means that one,
    /// whatever the variable of the other says.
    static func given(_ arguments: Arguments) throws(CommandError) -> RepositoryKey {
        let key = arguments[Commands.repositoryKeyFile]
        let passphrase = arguments[Commands.repositoryPassphraseFile]
        guard let key, let passphrase else { return one(key, passphrase) }
        switch (
            isTyped(Commands.repositoryKeyFile, arguments),
            isTyped(Commands.repositoryPassphraseFile, arguments)
        ) {
        case (true, false): return one(key, nil)
        case (false, true): return one(nil, passphrase)
        default:
            throw .usage(
                "--key-file and --passphrase-file exclude each other, also as variables: give one")
        }
    }

    /// Whether a key was typed, rather than left in a variable for whatever needs it.
    static func isTyped(_ arguments: Arguments) -> Bool {
        isTyped(Commands.repositoryKeyFile, arguments)
            || isTyped(Commands.repositoryPassphraseFile, arguments)
    }

    private static func isTyped(_ option: Option<String?>, _ arguments: Arguments) -> Bool {
        arguments.origin(of: option) == .commandLine
    }

    private static func one(_ key: String?, _ passphrase: String?) -> RepositoryKey {
        if let key { return RepositoryKey(.keyFile(key)) }
        return passphrase.map { RepositoryKey(.passphraseFile($0)) } ?? .none
    }

    /// `snapshot key change`.
    static func change(_ arguments: Arguments) throws(CommandError) -> Report {
        let new: RepositoryKey
        switch (arguments[Commands.newKeyFile], arguments[Commands.newPassphraseFile]) {
        case (nil, nil), (_?, _?):
            throw .usage(
                "the new key is in one file: give --new-key-file FILE or --new-passphrase-file FILE"
            )
        case (let key, let passphrase): new = one(key, passphrase)
        }
        let path = arguments[Commands.repository]
        let old = try given(arguments)
        try SnapshotCommand.withProgress(arguments) { (progress) throws(SnapshotError) in
            try Repository(path, old).changeKey(to: new, makesKeyFile: true, progress)
        }
        warn(new, of: path)
        return Report { writer in
            writer.member("repository", path)
            if let source = new.source { write(source, to: &writer) }
        }
    }

    /// Says what a key is worth, once, when it is given.
    static func warn(_ key: RepositoryKey, of path: String) {
        guard let source = key.source else { return }
        Commands.program.complain(
            "without what stands in \(source.path) nobody can read \(path) ever again: keep a copy of "
                + "it elsewhere")
    }

    /// Which file opens a repository.
    static func write(_ source: RepositoryKey.Source, to writer: inout JSONWriter) {
        switch source {
        case .keyFile(let file): writer.member("keyFile", file)
        case .passphraseFile(let file): writer.member("passphraseFile", file)
        }
    }
}
