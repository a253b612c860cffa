import Glibc

/// Why a command cannot write its output. `description` is what the user reads.
public enum OutputError: Error, Equatable, CustomStringConvertible {
    /// A system call failed.
    case system(call: String, path: String, errno: Int32)
    /// The path names a directory.
    case directory(path: String)
    /// The directory that the file would lie in does not exist.
    case noDirectory(String, path: String)
    /// No file can be made beside the one that is to appear or to be replaced.
    case unwritableDirectory(String, path: String, errno: Int32)
    /// The file that is to be replaced belongs to somebody else, and would not any more.
    case foreignOwner(path: String, user: UInt32, group: UInt32)
    /// Nobody listens on the socket.
    case nobodyListens(path: String)

    /// One line that names the path and what was expected.
    public var description: String {
        switch self {
        case .system(let call, let path, let code):
            "cannot \(call) \(path): \(Self.text(code))"
        case .directory(let path):
            "cannot write \(path): it is a directory; expected the name of a file"
        case .noDirectory(let directory, let path):
            "cannot write \(path): there is no directory \(directory)"
        case .unwritableDirectory(let directory, let path, let code):
            "cannot write \(path): it is built beside its name, and no file can be made in "
                + "\(directory) (\(Self.text(code)))"
        case .foreignOwner(let path, let user, let group):
            "cannot replace \(path): it belongs to user \(user) and group \(group), and only they "
                + "or root can keep it so; remove it first, or choose another name"
        case .nobodyListens(let path):
            "cannot write to the socket \(path): nobody listens there"
        }
    }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
