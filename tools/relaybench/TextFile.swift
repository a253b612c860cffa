import Glibc

/// Files that are read and written whole.
enum TextFile {
    /// Reads a file.
    static func read(_ path: String) throws(BenchError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 { throw .file(path, errno: errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= Limits.reportBytes {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0 { throw .file(path, errno: errno) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Refuses a path that `write` could not write to, before anything is done for its sake.
    static func requireWritable(_ path: String) throws(BenchError) {
        if path == "-" || access(path, W_OK) == 0 { return }
        let reason = errno
        let name = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = name.map { String(path[...$0]) } ?? "."
        if reason != ENOENT { throw .file(path, errno: reason) }
        if access(directory, W_OK) != 0 { throw .file(path, errno: errno) }
    }

    /// Writes a file, or to standard output for `-`.
    static func write(_ bytes: [UInt8], to path: String) throws(BenchError) {
        let file =
            path == "-"
            ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if file < 0 { throw .file(path, errno: errno) }
        defer { close(file) }
        var offset = 0
        while offset < bytes.count {
            // SAFETY: the array's bytes, during this call.
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress! + offset, bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .file(path, errno: errno) }
            offset += count
        }
    }
}
