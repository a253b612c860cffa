import Glibc

/// A system call that failed on a file.
public struct FileError: Error, Equatable {
    /// What was to be done, as a verb: `open`.
    public let call: String
    /// The file.
    public let path: String
    /// What the call set.
    public let errno: Int32

    /// A failure of one call.
    public init(_ call: String, path: String, errno: Int32) {
        self.call = call
        self.path = path
        self.errno = errno
    }

    /// The directory that a path lies in.
    public static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension FileError: CustomStringConvertible {
    /// What failed, why, and what to do where that can be told.
    public var description: String {
        let words = "cannot \(call) \(path): \(String(cString: strerror(errno)))"
        switch errno {
        case EACCES, EPERM: return words + ": \(owner)"
        case ENOMEM:
            return words
                + ": allow more memory, or address space (ulimit -v), of which a store takes as much as "
                + "its map has (--map-size)"
        case ENOENT:
            let directory = Self.directory(of: path)
            let isThere = access(directory, F_OK) == 0
            return isThere ? words : words + ": make the directory \(directory) first"
        default: return words
        }
    }

    /// Who owns the nearest that can be looked at: what may not be used, or a directory above it.
    private var owner: String {
        var place = path
        var status = stat()
        while stat(place, &status) != 0 {
            if place == "/" || place == "." {
                return "user \(geteuid()) may not enter a directory above it"
            }
            place = Self.directory(of: place)
        }
        let mode = "0" + String(status.st_mode & 0o7777, radix: 8)
        return "\(place) belongs to user \(status.st_uid) and group \(status.st_gid) with mode "
            + "\(mode), and this is user \(geteuid()); run it as user \(status.st_uid), or change "
            + "owner or mode"
    }
}
