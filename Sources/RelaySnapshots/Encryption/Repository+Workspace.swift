import Glibc

/// Where pages lie while they are unpacked: in the repository, or beside an encrypted one, because
/// they are plain there. Its disk may be somebody else's; the host's own has the store, which is
/// plain, too.
extension Repository {
    static let workPrefix = "work-"
    private static let privateWorkPrefix = "relay-work-"

    /// What the variable TMPDIR names, or the system's place for large files that go away again.
    static var temporary: String {
        // SAFETY: the variables are set before threads start, and read here.
        guard let path = getenv("TMPDIR").map({ String(cString: $0) }), path.hasPrefix("/") else {
            return "/var/tmp"
        }
        return path
    }

    /// A directory for files that have no name.
    func spoolPlace() throws(SnapshotError) -> String {
        cipher.isEncrypted ? try Self.workspace() : packs
    }

    private static func workspace() throws(SnapshotError) -> String {
        let path = temporary
        guard access(path, W_OK | X_OK) == 0 else { throw .noWorkspace(path: path) }
        return path
    }

    /// Makes a directory to lay a snapshot out in, which the caller removes.
    func makeWork(for manifest: Manifest) throws(SnapshotError) -> WorkDirectory {
        let parent = cipher.isEncrypted ? try Self.workspace() : path
        // What a killed one has left takes the room that this one needs.
        removeAbandonedWork()
        try Disk.requireSpace(manifest.usedPages * manifest.pageBytes, in: parent)
        let prefix = cipher.isEncrypted ? Self.privateWorkPrefix : Self.workPrefix
        return try WorkDirectory("\(parent)/\(prefix)")
    }

    /// Removes such directories of processes that have ended.
    func removeAbandonedWork() {
        if cipher.isEncrypted {
            WorkDirectory.removeAbandoned(Self.privateWorkPrefix, in: Self.temporary)
        } else {
            WorkDirectory.removeAbandoned(Self.workPrefix, in: path)
        }
    }
}
