import Glibc
import System

/// A directory that becomes a target when it is complete and vanishes when it is not: a store or a
/// snapshot exists whole or not at all.
///
/// It is on the target's own disk. Where there is no target yet, it is beside it and is renamed.
/// An empty directory stays what it is, a mount point or somebody else's with its owner and mode: the
/// staging directory is inside, and its files move up, that which makes a store or a snapshot last.
public final class StagingDirectory: Sendable {
    /// What it becomes: an absolute path if the name was a symbolic link.
    public let target: String
    private let work: WorkDirectory
    private let isInside: Bool
    /// Directories above the target that were made for it, the highest first.
    private let parents: [String]

    private static let infix = ".partial-"
    /// What mkfs leaves in the root of a file system.
    static let lostAndFound = "lost+found"

    /// Where to build.
    public var path: String { work.path }

    /// Makes the directory, empty, and what is missing above it. Removes those that killed processes
    /// have left in its place, and beside it, before it looks whether the disk has room.
    ///
    /// - Parameters:
    ///   - others: names of files that may be in the target, and stay there.
    ///   - bytes: that are to be written; the disk must have room for them.
    public init(
        for target: String, beside others: Set<String> = [], room bytes: Int = 0
    ) throws(SnapshotError) {
        let target = try Self.vacant(target, but: others)
        self.target = target
        isInside = try Disk.exists(target)
        let place = isInside ? target + "/" : target
        let prefix = place + Self.infix
        parents = try Disk.makeParents(of: prefix)
        do throws(SnapshotError) {
            // The target may not have been there yet when the one that was killed began.
            for left in Set([target + Self.infix, prefix]) {
                WorkDirectory.removeAbandoned(
                    String(left.split(separator: "/").last ?? ""), in: FileError.directory(of: left)
                )
            }
            if bytes > 0 { try Disk.requireSpace(bytes, in: target) }
            work = try WorkDirectory(prefix)
        } catch {
            for made in parents.reversed() { rmdir(made) }
            throw error
        }
    }

    /// The path without slashes at its end and without symbolic links, if a directory may appear there:
    /// there is none, or one that is empty but for what a new file system has, and for `others`.
    public static func vacant(
        _ target: String, but others: Set<String> = []
    ) throws(SnapshotError) -> String {
        var trimmed = target[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        var target = String(trimmed)
        var info = stat()
        guard lstat(target, &info) == 0 else {
            if errno == ENOENT { return target }
            throw .system(call: "open", path: target, errno: errno)
        }
        if info.st_mode & S_IFMT == S_IFLNK {
            // SAFETY: realpath returns a string of malloc's, which is copied and freed here.
            guard let real = realpath(target, nil) else { throw .occupied(path: target) }
            target = String(cString: real)
            free(real)
            guard stat(target, &info) == 0 else { throw .occupied(path: target) }
        }
        guard info.st_mode & S_IFMT == S_IFDIR else { throw .occupied(path: target) }
        for name in try Disk.names(in: target) ?? []
        where name != lostAndFound && !WorkDirectory.isName(name, infix) && !others.contains(name) {
            throw .occupied(path: target)
        }
        return target
    }

    /// Gives the finished directory, or its files, their final names and makes these durable. If that
    /// fails, nothing has a final name.
    public func publish() throws(SnapshotError) {
        if isInside {
            try moveUp()
        } else {
            // rename(2) replaces an empty directory, and refuses one that has been filled meanwhile.
            do throws(SnapshotError) {
                try Disk.rename(path, to: target)
            } catch .system("rename to", let path, let code)
                where [ENOTEMPTY, EEXIST, ENOTDIR].contains(code)
            {
                throw .occupied(path: path)
            }
        }
    }

    private func moveUp() throws(SnapshotError) {
        // A snapshot is there when its manifest is, a store when data.mdb is.
        let names = try (Disk.names(in: path) ?? []).sorted {
            ($0 == Manifest.fileName ? 2 : $0 == "data.mdb" ? 1 : 0)
                < ($1 == Manifest.fileName ? 2 : $1 == "data.mdb" ? 1 : 0)
        }
        var moved: [String] = []
        do throws(SnapshotError) {
            for name in names {
                try Disk.move("\(path)/\(name)", to: "\(target)/\(name)")
                moved.append(name)
            }
            try Disk.syncDirectory(target)
        } catch {
            for name in moved.reversed() { rename("\(target)/\(name)", "\(path)/\(name)") }
            throw error
        }
        rmdir(path)
    }

    /// Removes what was built.
    public func discard() {
        work.remove()
        for made in parents.reversed() { rmdir(made) }
    }
}
