import Glibc

/// Where a command's output goes, whatever its path names.
///
/// A regular file appears whole or not at all: it is built beside its name and renamed. One that is
/// replaced keeps its mode and its owner; a new one gets what the umask leaves of 0666. A symbolic
/// link stays, and what it leads to is replaced. Devices, pipes and sockets are written to. `-` is
/// standard output.
public final class OutputFile {
    /// The path that the user gave.
    public let path: String
    /// Bytes that were written.
    public private(set) var bytes = 0
    /// Whether it is the process's standard output, by whatever name.
    public let isStandardOutput: Bool
    private let descriptor: Int32
    /// The name that it is built under, and the one that it gets; nil for what is no regular file.
    private let names: (part: String, final: String)?
    private var isPublished = false

    /// The path of the process's standard output.
    public static let standardOutput = "-"
    /// The path of its standard error.
    public static let standardError = "/dev/stderr"

    /// Opens it. A pipe without a reader is waited for.
    public init(_ path: String) throws(OutputError) {
        self.path = path
        let place = try OutputPlace(path)
        if case .inherited(STDOUT_FILENO) = place {
            isStandardOutput = true
        } else {
            isStandardOutput = false
        }
        switch place {
        case .inherited(let inherited):
            // What was printed before comes before.
            fflush(nil)
            descriptor = fcntl(inherited, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
            names = nil
        case .stream(let name):
            descriptor = open(name, O_WRONLY | O_NOCTTY | O_CLOEXEC)
            names = nil
        case .socket(let name):
            descriptor = try Self.connected(name)
            names = nil
        case .file(let name, let old):
            let (descriptor, part) = try Self.building(name, path, replacing: old)
            self.descriptor = descriptor
            names = (part, name)
        }
        if descriptor < 0 { throw .system(call: "open", path: path, errno: errno) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if let names, !isPublished { unlink(names.part) }
    }

    /// Writes all bytes.
    public func write(_ piece: UnsafeRawBufferPointer) throws(OutputError) {
        var rest = piece
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write") }
            bytes += count
            // SAFETY: a part of the piece, which the caller keeps during this call.
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Makes what was written durable and gives it its name.
    public func publish() throws(OutputError) {
        guard let names else {
            // Only a disk has something to wait for; a terminal or a pipe says EINVAL.
            if fsync(descriptor) != 0, errno != EINVAL, errno != EROFS, errno != ENOTSUP {
                throw failure("write")
            }
            return
        }
        if fsync(descriptor) != 0 { throw failure("write") }
        if rename(names.part, names.final) != 0 { throw failure("replace") }
        isPublished = true
        let parent = open(OutputPlace.split(names.final).parent, O_RDONLY | O_CLOEXEC)
        // A directory that may be written but not read cannot be synced; the file is there.
        guard parent >= 0 else { return }
        defer { close(parent) }
        if fsync(parent) != 0, errno != EINVAL { throw failure("sync the directory of") }
    }

    /// Writes a file whole.
    public static func write(_ bytes: [UInt8], to path: String) throws(OutputError) {
        let file = try OutputFile(path)
        // SAFETY: the array's bytes, written inside the closure.
        let failure: OutputError? = bytes.withUnsafeBytes { bytes in
            do throws(OutputError) {
                try file.write(bytes)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        try file.publish()
    }

    /// Refuses a path that could not be written, before anything is done for its sake. Nothing is
    /// opened that a reader would notice.
    public static func check(_ path: String) throws(OutputError) {
        switch try OutputPlace(path) {
        case .inherited: return
        case .stream(let name), .socket(let name):
            if faccessat(AT_FDCWD, name, W_OK, AT_EACCESS) != 0 {
                throw .system(call: "open", path: path, errno: errno)
            }
        case .file(let name, let old):
            let (descriptor, part) = try building(name, path, replacing: old)
            close(descriptor)
            unlink(part)
        }
    }

    /// Opens a new file beside the one that it will be, with that one's mode and owner.
    private static func building(
        _ name: String, _ path: String, replacing old: stat?
    ) throws(OutputError) -> (descriptor: Int32, part: String) {
        // rename(2) would not ask whether the file itself may be written.
        if old != nil, faccessat(AT_FDCWD, name, W_OK, AT_EACCESS) != 0 {
            throw .system(call: "replace", path: path, errno: errno)
        }
        var (parent, stem) = OutputPlace.split(name)
        // Some room is left for what makes the name another one.
        while stem.utf8.count > Limits.partNameBytes { stem.removeLast() }
        let mode: mode_t = old == nil ? 0o666 : 0o600
        while true {
            let number = String(UInt32.random(in: .min ... .max), radix: 36)
            let part = (parent == "/" ? "" : parent) + "/\(stem).\(number).part"
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let descriptor = open(part, flags, mode)
            if descriptor < 0, errno == EEXIST { continue }
            guard descriptor >= 0 else {
                throw .unwritableDirectory(parent, path: path, errno: errno)
            }
            if let old, !keep(old, descriptor) {
                close(descriptor)
                unlink(part)
                throw .foreignOwner(path: path, user: old.st_uid, group: old.st_gid)
            }
            return (descriptor, part)
        }
    }

    /// Gives a new file the owner and the mode of an old one; false if that may not be.
    private static func keep(_ old: stat, _ descriptor: Int32) -> Bool {
        var new = stat()
        guard fstat(descriptor, &new) == 0 else { return false }
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid),
            fchown(descriptor, old.st_uid, old.st_gid) != 0
        {
            return false
        }
        return fchmod(descriptor, old.st_mode & 0o7777) == 0
    }

    /// A stream to whoever listens on a socket of the file system.
    private static func connected(_ path: String) throws(OutputError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        if descriptor < 0 { throw .system(call: "open", path: path, errno: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        var code = ENAMETOOLONG
        if name.count < room {
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
            // SAFETY: the address outlives the call, which does not keep the pointer.
            let outcome = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if outcome == 0 { return descriptor }
            code = errno
        }
        close(descriptor)
        throw code == ECONNREFUSED
            ? .nobodyListens(path: path) : .system(call: "open", path: path, errno: code)
    }

    private func failure(_ call: String) -> OutputError {
        .system(
            call: call, path: path == Self.standardOutput ? "standard output" : path, errno: errno)
    }
}
