import Glibc
import Options

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
        do throws(OutputError) {
            try OutputFile.check(path)
        } catch {
            throw .output(error)
        }
    }

    /// Writes a file whole, or to standard output for `-`.
    static func write(_ bytes: [UInt8], to path: String) throws(BenchError) {
        do throws(OutputError) {
            try OutputFile.write(bytes, to: path)
        } catch {
            throw .output(error)
        }
    }
}
