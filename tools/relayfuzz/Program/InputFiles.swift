import Glibc

/// Inputs that were kept in files.
enum InputFiles {
    /// The files in a directory in ascending order; a file is itself.
    static func all(in path: String) -> [String] {
        guard let stream = opendir(path) else { return [path] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                // SAFETY: a name ends with NUL, and is copied before the next readdir.
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if !name.hasPrefix(".") { names.append("\(path)/\(name)") }
        }
        return names.sorted()
    }

    /// The bytes of a file. Ends the program if there is none.
    static func contents(of path: String) -> [UInt8] {
        guard let file = fopen(path, "re") else { fatalError("\(path) cannot be read") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
