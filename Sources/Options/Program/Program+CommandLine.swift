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
        complaint(from: OutputPlace.split(path).name, fault)
        // Without exit(3), which would try to write the rest again.
        _exit(self == .success ? Self.failure.rawValue : rawValue)
    }
}

/// Writes a line to standard error, with a program's name before it.
private func complaint(from name: String, _ message: String) {
    // One write, so that lines of several threads do not mix. A closed standard error is no
    // reason to fail: there is nobody left to tell.
    var line = "\(name): \(message)\n"
    line.withUTF8 { bytes in
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
                for warning in unknownVariables(environment) { complain(warning) }
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
    public func complain(_ message: String) { complaint(from: name, message) }
}
