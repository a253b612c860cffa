import RelayStore

/// A snapshot as a command line names it: its directory, or REPO:ID.
public enum SnapshotSource: Sendable {
    /// A directory with data.mdb and manifest.json.
    case folder(SnapshotFolder)
    /// A snapshot of a repository.
    case stored(Repository, id: String)

    /// Finds out what a name means. `REPO:latest` is the newest of a repository, and the beginning
    /// of an id is enough if no other begins so.
    ///
    /// - Parameter key: of the repository, if it is encrypted.
    public init(_ name: String, _ key: RepositoryKey = .none) throws(SnapshotError) {
        if let colon = name.lastIndex(of: ":") {
            let path = String(name[..<colon])
            if try Repository.isThere(path) {
                let repository = try Repository(path, key)
                let id = try repository.id(String(name[name.index(after: colon)...]))
                self = .stored(repository, id: id)
                return
            }
        }
        guard try Disk.exists("\(name)/\(Manifest.fileName)") else { throw .missing(path: name) }
        self = .folder(SnapshotFolder(name))
    }

    /// Reads the manifest; damage is an error here.
    public func manifest() throws(SnapshotError) -> Manifest {
        switch self {
        case .folder(let folder): try folder.manifest()
        case .stored(let repository, let id): try repository.manifest(id)
        }
    }

    /// Looks whether the snapshot is what it was when it was taken.
    public func verify(
        _ depth: VerificationDepth, _ progress: WorkProgress = .none
    ) throws(SnapshotError) -> VerificationReport {
        switch self {
        case .folder(let folder): try folder.verify(depth, progress)
        case .stored(let repository, let id): try repository.verify(id, depth, progress)
        }
    }
}
