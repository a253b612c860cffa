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
        guard let file = fopen("\(root)/\(path)", "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func read(directory: String) -> [File] {
        guard let stream = opendir("\(root)/\(directory)") else { return [] }
        defer { closedir(stream) }
        var files: [File] = []
        while let entry = readdir(stream) {
            // SAFETY: the entry is valid until the next readdir on this stream, and the name is
            // copied into a String before that; d_name is NUL-terminated.
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name.hasPrefix(".") { continue }
            let path = "\(directory)/\(name)"
            if entry.pointee.d_type == UInt8(DT_DIR) {
                files += read(directory: path)
            } else if name.hasSuffix(".swift"), let text = text(path) {
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                files.append(File(path: path, lines: lines))
            }
        }
        return files.sorted { $0.path < $1.path }
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
