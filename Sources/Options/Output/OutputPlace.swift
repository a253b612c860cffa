import Glibc

/// What a path that is to be written leads to: symbolic links are followed.
enum OutputPlace {
    /// A descriptor that this process has got: `-`, or a file or socket that is its standard output
    /// or standard error already, as `/dev/stdout` is.
    case inherited(Int32)
    /// A device, a pipe, or another process's open file: written to, never replaced.
    case stream(String)
    /// A socket of the file system.
    case socket(String)
    /// A regular file, by the name that symbolic links lead to, or none yet.
    case file(String, replacing: stat?)

    init(_ path: String) throws(OutputError) {
        if path == OutputFile.standardOutput || path == OutputFile.standardError {
            self = .inherited(
                path == OutputFile.standardError ? STDERR_FILENO : STDOUT_FILENO)
            return
        }
        var status = stat()
        guard stat(path, &status) == 0 else {
            // A link may lead to a name that is free.
            guard errno == ENOENT else { throw .system(call: "open", path: path, errno: errno) }
            self = .file(try Self.resolved(path).path, replacing: nil)
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw .directory(path: path)
        case S_IFREG:
            if let descriptor = Self.own(status) {
                self = .inherited(descriptor)
                return
            }
            let (name, isDescriptor) = try Self.resolved(path)
            self = isDescriptor ? .stream(path) : .file(name, replacing: status)
        case S_IFSOCK: self = Self.own(status).map { .inherited($0) } ?? .socket(path)
        default: self = .stream(path)
        }
    }

    /// The standard output or standard error, if one of them is this file.
    private static func own(_ status: stat) -> Int32? {
        [STDOUT_FILENO, STDERR_FILENO].first { descriptor in
            var other = stat()
            return fstat(descriptor, &other) == 0 && other.st_ino == status.st_ino
                && other.st_dev == status.st_dev
        }
    }

    /// Follows links at the end of a path, where the last one may lead to no file.
    ///
    /// - Returns: the absolute path, and whether it names a descriptor below `/proc`, whose link
    ///   leads to an open file and only seems to lead to a name.
    private static func resolved(
        _ path: String
    ) throws(OutputError) -> (path: String, isDescriptor: Bool) {
        var current = path
        for _ in 0..<Limits.symbolicLinks {
            let (parent, name) = split(current)
            if name.isEmpty { throw .directory(path: path) }
            guard let found = realpath(parent, nil) else {
                let code = errno
                throw code == ENOENT
                    ? .noDirectory(parent, path: path)
                    : .system(call: "open", path: parent, errno: code)
            }
            defer { free(found) }
            let directory = String(cString: found)
            let full = (directory == "/" ? "" : directory) + "/" + name
            if directory.hasPrefix("/proc/") { return (full, true) }
            guard let target = link(full) else { return (full, false) }
            current = target.hasPrefix("/") ? target : directory + "/" + target
        }
        throw .system(call: "open", path: path, errno: ELOOP)
    }

    /// Where a symbolic link leads; nil if there is none.
    private static func link(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The directory and the name in it.
    static func split(_ path: String) -> (parent: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let parent = slash == path.startIndex ? "/" : String(path[..<slash])
        return (parent, String(path[path.index(after: slash)...]))
    }
}
