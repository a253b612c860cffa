import Glibc

/// Reading and writing whole files, without Foundation.
enum Directory {
    static func read(_ path: String) throws(GeneratorFault) -> [UInt8] {
        guard let file = fopen(path, "re") else { throw systemFault(path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes += chunk[..<count]
        }
        guard ferror(file) == 0 else { throw systemFault(path) }
        return bytes
    }

    static func write(_ bytes: [UInt8], to path: String) throws(GeneratorFault) {
        guard let file = fopen(path, "we") else { throw systemFault(path) }
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { throw systemFault(path) }
    }

    static func remove(_ path: String) throws(GeneratorFault) {
        guard unlink(path) == 0 else { throw systemFault(path) }
    }

    /// The names of the files in a directory that end so, in order; none when there is no such directory.
    static func names(in path: String, ending: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // SAFETY: the entry lives until the next readdir; its name is NUL-terminated and copied here.
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name.hasSuffix(ending) { names.append(name) }
        }
        return names.sorted()
    }

    static func create(_ path: String) throws(GeneratorFault) {
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw systemFault(path) }
    }

    private static func systemFault(_ path: String) -> GeneratorFault {
        GeneratorFault("\(path): \(String(cString: strerror(errno)))")
    }
}
