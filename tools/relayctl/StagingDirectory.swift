import Glibc

/// A directory beside a target that becomes the target when it is complete and vanishes when it is
/// not: a store exists whole or not at all.
struct StagingDirectory {
    let target: String
    /// Where to build. The process id keeps two builds apart.
    let path: String

    /// Precondition of the caller's wish: the target does not exist, or is an empty directory.
    init(for target: String) throws(CommandError) {
        var trimmed = target[...]
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        self.target = String(trimmed)
        path = "\(trimmed).partial-\(getpid())"
        guard Self.entries(of: self.target)?.isEmpty ?? true else {
            throw .occupied(path: self.target)
        }
        var info = stat()
        if lstat(self.target, &info) == 0, info.st_mode & S_IFMT != S_IFDIR {
            throw .occupied(path: self.target)
        }
    }

    /// Renames the finished directory to the target and makes the rename durable.
    func publish() throws(CommandError) {
        // rename(2) replaces an empty directory and refuses one that has been filled meanwhile.
        guard rename(path, target) == 0 else {
            throw errno == ENOTEMPTY || errno == EEXIST
                ? .occupied(path: target)
                : .system(call: "rename to", path: target, errno: errno)
        }
        let parent = target.lastIndex(of: "/").map { String(target[...$0]) } ?? "."
        let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", path: parent, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .system(call: "fsync", path: parent, errno: errno)
        }
    }

    /// Removes what was built. Best effort: the reason for giving up is the better message.
    func discard() {
        for name in Self.entries(of: path) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    /// The names in a directory; nil when there is none. A store has no directories inside.
    private static func entries(of path: String) -> [String]? {
        guard let stream = opendir(path) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                // SAFETY: the entry is valid until the next readdir on this stream, and the name
                // is copied into a String before that; d_name is NUL-terminated.
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
