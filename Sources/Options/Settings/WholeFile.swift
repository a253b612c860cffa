import Glibc

/// Why a file could not be read whole.
public enum WholeFileError: Error, Equatable, CustomStringConvertible {
    /// A system call failed.
    case system(path: String, errno: Int32)
    /// It has more bytes than what it is for can need.
    case tooLarge(path: String, limit: Int)

    /// One line that names the file.
    public var description: String {
        switch self {
        case .system(let path, let errno):
            "\(path) cannot be read: \(String(cString: strerror(errno)))"
        case .tooLarge(let path, let limit):
            "\(path) is too large: at most \(limit) bytes are read"
        }
    }
}

/// Files that are read whole.
public enum WholeFile {
    /// Reads a file; a pipe will do.
    public static func read(_ path: String, atMost limit: Int) throws(WholeFileError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 { throw .system(path: path, errno: errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .system(path: path, errno: errno) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            if bytes.count > limit { throw .tooLarge(path: path, limit: limit) }
        }
    }
}
