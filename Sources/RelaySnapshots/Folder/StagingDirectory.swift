import Glibc
import System

/// A directory beside a target that becomes the target when it is complete and vanishes when it is
/// not: a store or a snapshot exists whole or not at all.
public final class StagingDirectory: Sendable {
    /// What it becomes.
    public let target: String
    private let work: WorkDirectory

    private static let infix = ".partial-"

    /// Where to build.
    public var path: String { work.path }

    /// Makes the directory, empty, and removes those that killed processes have left beside it.
    public init(for target: String) throws(SnapshotError) {
        let target = try Self.vacant(target)
        let (parent, name) = (
            FileError.directory(of: target), target.split(separator: "/").last ?? ""
        )
        WorkDirectory.removeAbandoned(name + Self.infix, in: parent)
        self.target = target
        work = try WorkDirectory(target + Self.infix)
    }

    /// The path without slashes at its end, if a directory may appear there: there is none, or an
    /// empty one.
    public static func vacant(_ target: String) throws(SnapshotError) -> String {
        var trimmed = target[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        let target = String(trimmed)
        guard Disk.names(in: target)?.isEmpty ?? true else { throw .occupied(path: target) }
        var info = stat()
        if lstat(target, &info) == 0, info.st_mode & S_IFMT != S_IFDIR {
            throw .occupied(path: target)
        }
        return target
    }

    /// Renames the finished directory to the target and makes the rename durable.
    public func publish() throws(SnapshotError) {
        // rename(2) replaces an empty directory and refuses one that has been filled meanwhile.
        guard rename(path, target) == 0 else {
            throw errno == ENOTEMPTY || errno == EEXIST
                ? .occupied(path: target)
                : .system(call: "rename to", path: target, errno: errno)
        }
        try Disk.syncDirectory(FileError.directory(of: target))
    }

    /// Removes what was built.
    public func discard() { work.remove() }
}
