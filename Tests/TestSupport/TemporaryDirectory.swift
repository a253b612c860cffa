import Glibc

/// A directory that goes away with the value. Its path is short enough for a Unix socket in it.
public final class TemporaryDirectory: Sendable {
    /// The directory's path.
    public let path: String

    /// Makes an empty directory.
    public init() {
        var template = Array("/tmp/relay-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "no temporary directory")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    /// A path inside.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Removes a file or a directory with all that is in it.
    public static func remove(_ path: String) {
        for name in names(in: path) where name != "." && name != ".." {
            let entry = path + "/" + name
            if unlink(entry) != 0 { remove(entry) }
        }
        rmdir(path)
    }

    /// The names in a directory; none when it is not one.
    public static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // SAFETY: the entry stays valid until the next readdir.
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }
}
