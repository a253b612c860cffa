import Glibc
import System

/// The repositories that have snapshots of a store: a file `repositories` in the store's directory,
/// one absolute path in each line.
///
/// A repository that is not there for the first time is made. One that was there and is gone may lie
/// on a disk that is not mounted: it is refused, so that no new one is made in the bare mount point.
public struct KnownRepositories {
    private let file: String?

    /// - Parameter directory: the store's; nil for a store in memory, which knows none.
    public init(of directory: String?) { file = directory.map { $0 + "/repositories" } }

    /// Opens a repository, or makes it if there was never one.
    ///
    /// - Parameter isNew: make it in any case; then there must be none.
    /// - Throws: `vanished` if the store had snapshots there and now there is no repository.
    ///   An encrypted one is opened, or made, with `key`.
    public func open(
        _ path: String, _ key: RepositoryKey = .none, isNew: Bool = false
    ) throws(SnapshotError) -> Repository {
        let repository: Repository
        if !isNew, let found = try existing(path, key) {
            repository = found
        } else {
            repository = try Repository(creating: path, key)
        }
        try remember(try absolute(path))
        return repository
    }

    /// Throws what `open` would, and makes nothing.
    public func check(_ path: String, _ key: RepositoryKey = .none) throws(SnapshotError) {
        guard try existing(path, key) == nil else { return }
        try Repository.requireVacant(path)
    }

    /// The repository; nil if there was never one.
    private func existing(
        _ path: String, _ key: RepositoryKey
    ) throws(SnapshotError) -> Repository? {
        do throws(SnapshotError) {
            return try Repository(path, key)
        } catch .noRepository {
            guard try !known().contains(try absolute(path)) else { throw .vanished(path: path) }
            return nil
        }
    }

    private func remember(_ name: String) throws(SnapshotError) {
        do throws(SnapshotError) {
            let known = try self.known()
            if !known.contains(name) { try keep(known + [name]) }
        } catch {
            // Of a store that may only be read nothing can be remembered.
            if case .system(_, _, let code) = error, [EROFS, EACCES, EPERM].contains(code) {
                return
            }
            throw error
        }
    }

    private func known() throws(SnapshotError) -> [String] {
        guard let file, let bytes = try Disk.contents(of: file, upTo: Limits.repositoriesBytes)
        else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private func keep(_ names: [String]) throws(SnapshotError) {
        guard let file else { return }
        // The oldest are forgotten first: of a repository that is not used any more nobody asks.
        var text = names.suffix(Limits.knownRepositories).map { $0 + "\n" }.joined()
        while text.utf8.count > Limits.repositoriesBytes {
            text = String(text[text.index(after: text.firstIndex(of: "\n")!)...])
        }
        try Disk.write(Array(text.utf8), to: file)
    }

    /// The path without `.` and `//`, from the root on. Links stay: what they lead to may be gone.
    private func absolute(_ path: String) throws(SnapshotError) -> String {
        var full = path
        if !path.hasPrefix("/") {
            guard let directory = getcwd(nil, 0) else {
                throw .system(call: "getcwd", path: path, errno: errno)
            }
            // SAFETY: allocated and terminated by getcwd, freed once.
            defer { free(directory) }
            full = String(cString: directory) + "/" + path
        }
        return "/" + full.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
