import CLinux
import Glibc
import System

/// rclone as a process: it speaks to wherever a repository's files shall be, and has its own settings
/// and credentials.
struct Rclone {
    /// How rclone ends where there is no such directory or file.
    private static let nothingThere: Set<Int32> = [3, 4]

    private let cancellation: Cancellation

    init(_ progress: WorkProgress) { cancellation = progress.cancellation }

    /// Sizes of all files below a place, by their paths there; none where there is nothing.
    func list(_ remote: String) throws(SnapshotError) -> [String: Int] {
        let format = ["--recursive", "--files-only", "--format", "sp", "--separator", ";"]
        let output = try run(["lsf"] + format + ["--", remote], bearing: Self.nothingThere)
        var sizes: [String: Int] = [:]
        for line in output.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: ";"), maxSplits: 1)
            guard parts.count == 2, let size = Int(String(decoding: parts[0], as: UTF8.self))
            else { continue }
            sizes[String(decoding: parts[1], as: UTF8.self)] = size
        }
        return sizes
    }

    /// A small file.
    func contents(_ path: String) throws(SnapshotError) -> [UInt8] {
        try run(["cat", "--", path])
    }

    /// Copies files from one place to another, by their paths there. What has the same size and time
    /// is there already.
    func copy(_ paths: [String], from: String, to: String) throws(SnapshotError) {
        try run("copy", paths, ["--", from, to])
    }

    /// Throws unless files of one place are the same at the other: their sizes, and their hashes where
    /// both places have one.
    func check(_ paths: [String], in here: String, against there: String) throws(SnapshotError) {
        try run("check", paths, ["--one-way", "--", here, there])
    }

    /// Removes files.
    func remove(_ paths: [String], in remote: String) throws(SnapshotError) {
        try run("delete", paths, ["--", remote])
    }

    private func run(
        _ verb: String, _ paths: [String], _ rest: [String]
    ) throws(SnapshotError) {
        if paths.isEmpty { return }
        let list = try TemporaryFile()
        defer { list.remove() }
        try list.write(paths)
        _ = try run([verb, "--files-from-raw", list.path] + rest)
    }

    /// Where one of these begins in a place.
    static func join(_ remote: String, _ name: String) -> String {
        remote.hasSuffix("/") || remote.hasSuffix(":") ? remote + name : "\(remote)/\(name)"
    }

    // MARK: The process

    /// Runs rclone to its end; returns what it wrote.
    ///
    /// - Parameter codes: ways to end that are an answer, besides 0.
    private func run(
        _ arguments: [String], bearing codes: Set<Int32> = []
    ) throws(SnapshotError) -> [UInt8] {
        var ends: [Int32] = [-1, -1]
        guard relay_pipe(&ends) == 0 else {
            throw .system(call: "pipe", path: "rclone", errno: errno)
        }
        defer { close(ends[0]) }
        let messages = try TemporaryFile()
        defer { messages.remove() }
        let child = Self.spawn(["rclone", "--quiet"] + arguments, ends[1], messages.descriptor)
        close(ends[1])
        guard case .success(let process) = child else {
            guard case .failure(.code(ENOENT)) = child else {
                throw .system(call: "start", path: "rclone", errno: EAGAIN)
            }
            throw .transfer(.noRclone)
        }
        var (output, isCancelled) = ([UInt8](), false)
        while let more = read(ends[0], &isCancelled) { output += more }
        if isCancelled { kill(process, SIGTERM) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        // A Ctrl-C goes to rclone as well.
        if isCancelled || cancellation.isRequested { throw .transfer(.interrupted) }
        let code = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
        guard code == 0 || codes.contains(code) else {
            throw .transfer(
                .rclone(verb: arguments[0], code: code, reason: messages.sentence))
        }
        return output
    }

    /// The next bytes that it has written; nil at the end, or when the work shall end.
    private func read(_ pipe: Int32, _ isCancelled: inout Bool) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var waiting = [
                pollfd(fd: pipe, events: Int16(POLLIN), revents: 0),
                pollfd(fd: cancellation.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&waiting, 2, Limits.rcloneLookMilliseconds)
            if cancellation.isRequested {
                isCancelled = true
                return nil
            }
            guard count > 0, waiting[0].revents != 0 else { continue }
            let bytes = Glibc.read(pipe, &buffer, buffer.count)
            if bytes < 0, errno == EINTR { continue }
            return bytes > 0 ? Array(buffer[..<bytes]) : nil
        }
    }

    private enum Refusal: Error {
        case code(Int32)
    }

    private static func spawn(
        _ words: [String], _ output: Int32, _ messages: Int32
    ) -> Result<pid_t, Refusal> {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO)
        // A command that is to be interrupted in order has blocked signals; rclone has not.
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        // SAFETY: the copies are freed behind the call; environ lives as long as the process.
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let code = posix_spawnp(&child, words[0], &actions, &attributes, &arguments, environ)
        return code == 0 ? .success(child) : .failure(.code(code))
    }
}

/// A file that this process and another one hand each other.
private struct TemporaryFile: ~Copyable {
    private let file: DiskFile

    /// Makes an empty one, for its owner alone.
    init() throws(SnapshotError) {
        let number = String(UInt64.random(in: .min ... .max), radix: 36)
        file = try DiskFile(creating: "\(Repository.temporary)/relay-rclone-\(number)")
    }

    var path: String { file.path }
    var descriptor: Int32 { file.descriptor }

    func write(_ lines: [String]) throws(SnapshotError) {
        let text = Array(lines.map { $0 + "\n" }.joined().utf8)
        // SAFETY: written inside the closure.
        let outcome: Result<Void, SnapshotError> = text.withUnsafeBytes { text in
            Result { () throws(SnapshotError) in try file.write(text, at: 0) }
        }
        try outcome.get()
    }

    /// The last lines of what was written there, without the times that rclone begins them with.
    var sentence: String {
        let size = (try? file.size()) ?? 0
        let bytes = (try? file.bytes(max(0, size - Limits.rcloneMessageBytes)..<size)) ?? nil
        let lines = String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n").suffix(3)
        return lines.map { line in
            let isTimed = line.first?.isNumber == true && line.dropFirst(4).hasPrefix("/")
            return isTimed ? line.dropFirst("2026/11/28 01:11:58 ".count) : line
        }.joined(separator: "; ")
    }

    func remove() { unlink(file.path) }
}
