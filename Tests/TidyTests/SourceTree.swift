import Glibc

/// The repository's Swift files, read once, as lines.
struct SourceTree {
    struct File {
        /// Relative to the repository's root.
        let path: String
        let lines: [Substring]

        var name: Substring { path.split(separator: "/").last! }
        var isGenerated: Bool { path.contains("/Generated/") }
    }

    /// The directory that Package.swift is in: this file is Tests/TidyTests/SourceTree.swift.
    static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

    static let files = ["Sources", "tools", "Tests"].flatMap { read(directory: $0) }

    /// Swift files that make up the programs; the tests may reach deeper.
    static let programs = files.filter { !$0.path.hasPrefix("Tests/") }

    /// The text of one file, or nil when there is none.
    static func text(_ path: String) -> String? {
        guard let file = fopen("\(root)/\(path)", "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether there is a file or directory of this path.
    static func exists(_ path: String) -> Bool { access("\(root)/\(path)", F_OK) == 0 }

    /// What a directory has, without hidden names and unsorted.
    static func names(in directory: String) -> [String] {
        guard let stream = opendir("\(root)/\(directory)") else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // SAFETY: the entry is valid until the next readdir on this stream, and the name is
            // copied into a String before that; d_name is NUL-terminated.
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func read(directory: String) -> [File] {
        names(in: directory).sorted().flatMap { name -> [File] in
            let path = "\(directory)/\(name)"
            if isDirectory(path) { return read(directory: path) }
            guard name.hasSuffix(".swift"), let text = text(path) else { return [] }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return [File(path: path, lines: lines)]
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat("\(root)/\(path)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

/// A line as far as these rules look at it.
extension Substring {
    var indentation: Int { prefix { $0 == " " }.count }

    /// Without what stands behind `//`. A string with two slashes in it loses its rest as well,
    /// which can hide a fault but never makes one up.
    var code: Substring {
        var result = self
        var index = startIndex
        while let slash = result[index...].firstIndex(of: "/") {
            let next = result.index(after: slash)
            if next < result.endIndex, result[next] == "/" {
                result = result[..<slash]
                break
            }
            index = next
        }
        return result
    }

    /// Begins a function, an initialiser, a subscript or a computed property.
    var beginsBody: Bool {
        let words = code.split { " (<{".contains($0) }.prefix(8)
        return words.contains { ["func", "init", "init?", "deinit", "subscript"].contains($0) }
            || words.contains("var") && code.hasSuffix("{")
    }
}
