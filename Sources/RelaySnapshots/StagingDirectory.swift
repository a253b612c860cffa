import Glibc

/// A directory beside a target that becomes the target when it is complete and vanishes when it is
/// not: a store or a snapshot exists whole or not at all.
public struct StagingDirectory: Sendable {
    /// What it becomes.
    public let target: String
    /// Where to build. The process id keeps two builds apart.
    public let path: String

    private static let infix = ".partial-"

    /// Precondition of the caller's wish: the target does not exist, or is an empty directory.
    public init(for target: String) throws(SnapshotError) {
        var trimmed = target[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        self.target = String(trimmed)
        path = "\(trimmed)\(Self.infix)\(getpid())"
        guard Disk.names(in: self.target)?.isEmpty ?? true else {
            throw .occupied(path: self.target)
        }
        var info = stat()
        if lstat(self.target, &info) == 0, info.st_mode & S_IFMT != S_IFDIR {
            throw .occupied(path: self.target)
        }
    }

    /// Makes the directory, empty, and removes those that killed processes have left beside it.
    public func make() throws(SnapshotError) {
        let (parent, name) = (Disk.parent(of: target), target.split(separator: "/").last ?? "")
        for entry in Disk.names(in: parent) ?? [] where entry.hasPrefix(name + Self.infix) {
            let process = pid_t(entry.dropFirst(name.count + Self.infix.count)) ?? 0
            let isDead = process > 0 && kill(process, 0) != 0 && errno == ESRCH
            if isDead || process == getpid() { Self.remove("\(parent)/\(entry)") }
        }
        try Disk.makeDirectory(path)
    }

    /// Renames the finished directory to the target and makes the rename durable.
    public func publish() throws(SnapshotError) {
        // rename(2) replaces an empty directory and refuses one that has been filled meanwhile.
        guard rename(path, target) == 0 else {
            throw errno == ENOTEMPTY || errno == EEXIST
                ? .occupied(path: target)
                : .system(call: "rename to", path: target, errno: errno)
        }
        try Disk.syncDirectory(Disk.parent(of: target))
    }

    /// Removes what was built. Best effort: the reason for giving up is the better message.
    public func discard() { Self.remove(path) }

    /// A store or a snapshot has no directories inside.
    private static func remove(_ directory: String) {
        for name in Disk.names(in: directory) ?? [] { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }
}
