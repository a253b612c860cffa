import Glibc

/// A program of this package as a real process.
public final class ChildProcess: @unchecked Sendable {
    // SAFETY: used by one test at a time.
    /// The process's id.
    public let pid: pid_t
    private var status: Int32?

    /// Where the programs of this package were built: beside the tests.
    public static let products: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, 4095)
        let path = String(
            decoding: buffer[0..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }()

    /// Where a program is: beside the tests, else wherever PATH leads.
    public static func path(of program: String) -> String {
        let own = products + "/" + program
        return access(own, X_OK) == 0 ? own : program
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: a program of this package, else one that PATH or a path leads to.
    ///   - output: a file for standard output and error; nil to drop them.
    ///   - descriptors: what it finds at 3, 4, …
    public init(
        _ program: String, _ arguments: [String], output: String? = nil,
        environment: [String] = [], descriptors: [Int32] = []
    ) {
        let path = Self.path(of: program)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Out of the way first: one of them may stand where another one has to go.
        let copies = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 200) }
        for (index, copy) in copies.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, copy, 3 + Int32(index))
        }
        // Other tests of this process have files open that are not closed on exec: they are none of its.
        for other in 3 + Int32(descriptors.count)..<200 {
            posix_spawn_file_actions_addclose(&actions, other)
        }
        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = []
        var next = environ
        while let entry = next.pointee {
            envp.append(strdup(entry))
            next += 1
        }
        envp += environment.map { strdup($0) } + [strdup("SWIFT_BACKTRACE=enable=no"), nil]
        var pid = pid_t()
        let result = posix_spawnp(&pid, path, &actions, nil, &argv, &envp)
        precondition(result == 0, "cannot start \(path): \(String(cString: strerror(result)))")
        for text in argv + envp { free(text) }
        for copy in copies { close(copy) }
        posix_spawn_file_actions_destroy(&actions)
        self.pid = pid
    }

    deinit {
        if status == nil {
            kill(pid, SIGKILL)
            _ = wait()
        }
    }

    /// Sends a signal.
    public func signal(_ number: Int32) { kill(pid, number) }

    /// Has it stand still until it gets SIGCONT. When this returns, all of its threads do: the signal alone
    /// says that they will.
    public func pause() {
        signal(SIGSTOP)
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WSTOPPED) < 0, errno == EINTR {}
    }

    /// Waits for the end.
    ///
    /// - Returns: the exit code, or minus the signal that ended it.
    @discardableResult
    public func wait() -> Int32 {
        if let status { return status }
        var raw: Int32 = 0
        while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
        let code = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F)
        status = code
        return code
    }

    /// Waits for the end, but not for ever.
    ///
    /// - Returns: as `wait`; nil when it had to be killed after so many seconds.
    public func wait(seconds: Int) -> Int32? {
        for _ in 0..<seconds * 100 {
            if hasEnded { return wait() }
            usleep(10_000)
        }
        signal(SIGKILL)
        _ = wait()
        return nil
    }

    /// Whether it has ended; does not wait.
    public var hasEnded: Bool {
        if status != nil { return true }
        var information = siginfo_t()
        // WNOWAIT leaves the status for `wait`. What is still running has no process id there.
        let result = waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        return result == 0 && information.si_signo == SIGCHLD
    }

    /// Anonymous memory in KiB, as the kernel counts it (RssAnon).
    public var anonymousKilobytes: Int {
        let text = readText("/proc/\(pid)/status")
        for line in text.split(separator: "\n") where line.hasPrefix("RssAnon:") {
            return Int(
                line.split(separator: " ").dropLast().last.map { $0.filter(\.isNumber) } ?? "")
                ?? 0
        }
        return 0
    }

    /// Runs a program to its end.
    ///
    /// - Returns: its exit code, and its standard output and error together.
    public static func run(
        _ program: String, _ arguments: [String], environment: [String] = []
    ) -> (code: Int32, output: String) {
        let directory = TemporaryDirectory()
        let file = directory.file("output")
        let code = ChildProcess(
            program, arguments, output: file, environment: environment
        ).wait()
        return (code, readText(file))
    }
}

/// A whole file as text; empty when it cannot be read.
public func readText(_ path: String) -> String {
    String(decoding: readBytes(path), as: UTF8.self)
}

/// A whole file; empty when it cannot be read.
public func readBytes(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { break }
        bytes += buffer[0..<count]
    }
    return bytes
}
