import Glibc

/// How a program of this package ends.
public enum ExitCode: Int32, Sendable {
    /// Done.
    case success = 0
    /// The command was understood and failed; standard error says why.
    case failure = 1
    /// The command line was wrong; nothing was done.
    case usage = 2
    /// Done, but something is wrong with the data: lines that could not be loaded, a damaged store.
    case data = 3
    /// Done, but a measured figure missed its threshold; 99 is what k6 uses.
    case threshold = 99
    /// Done, but what was measured does not show whether it is better or worse than allowed.
    case inconclusive = 98
    /// Ctrl-C or SIGTERM ended it before it was done; 130 is what a shell says of Ctrl-C.
    case interrupted = 130

    /// Ends the process: as a failure if standard output did not take all that was printed.
    public func exit() -> Never {
        guard let fault = StandardOutput.finish() else { Glibc.exit(rawValue) }
        let path = CommandLine.arguments.first ?? ""
        complaint(from: OutputPlace.split(path).name, fault, .error)
        // Without exit(3), which would try to write the rest again.
        _exit(self == .success ? Self.failure.rawValue : rawValue)
    }
}

/// How much a line on standard error matters: the priorities of journald (sd-daemon(3)).
public enum Priority: Int, Sendable {
    case error = 3
    case warning = 4
}

/// Where standard error of a service of systemd usually leads to.
public enum Journal {
    /// Whether what is written to a descriptor goes to the journal (systemd.exec(5), JOURNAL_STREAM).
    public static func takes(_ descriptor: Int32) -> Bool {
        var file = stat()
        guard let place = getenv("JOURNAL_STREAM"), fstat(descriptor, &file) == 0 else {
            return false
        }
        return String(cString: place) == "\(file.st_dev):\(file.st_ino)"
    }
}

/// Writes a line to standard error, with a program's name before it. Where that leads to the journal, each
/// line of a message begins with its priority, which journald takes away and keeps.
private func complaint(from name: String, _ message: String, _ priority: Priority) {
    // One write, so that lines of several threads do not mix. A closed standard error is no
    // reason to fail: there is nobody left to tell.
    let mark = Journal.takes(STDERR_FILENO) ? "<\(priority.rawValue)>" : ""
    let lines = "\(name): \(message)".split(separator: "\n", omittingEmptySubsequences: false)
    var text = lines.map { "\(mark)\($0)\n" }.joined()
    text.withUTF8 { bytes in
        // SAFETY: `bytes` is alive inside this closure, and write(2) does not keep the pointer.
        _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
}

extension Program {
    /// Reads this process's command line. Help and version go to standard output and end the
    /// process with 0, a usage error goes to standard error and ends it with 2.
    public func parseOrExit() -> (verb: Verb, arguments: Arguments) {
        StandardOutput.occupyDescriptors()
        do {
            let environment = EnvironmentVariables.all
            let words = Array(CommandLine.arguments.dropFirst())
            switch try parse(words, environment: environment) {
            case .run(let verb, let arguments):
                for warning in unknownVariables(environment) { complain(warning, .warning) }
                return (verb, arguments)
            case .help(let text):
                print(text, terminator: "")
            case .version(let line):
                print(line)
            }
            ExitCode.success.exit()
        } catch {
            complain("\(error)\nTry '\(name) --help'.")
            ExitCode.usage.exit()
        }
    }

    /// Writes a line to standard error, with the program's name before it.
    public func complain(_ message: String, _ priority: Priority = .error) {
        complaint(from: name, message, priority)
    }
}
