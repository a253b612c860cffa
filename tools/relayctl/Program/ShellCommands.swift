import Glibc
import Options

/// `relayctl completions` and `relayctl man`: what the shell and man(1) are told of this program.
enum ShellCommands {
    /// Prints a shell's completion script.
    static func completions(_ arguments: Arguments) throws(CommandError) -> Report {
        let name = arguments[Commands.shell]
        guard let shell = Shell(rawValue: name) else {
            let names = Shell.allCases.map(\.rawValue).joined(separator: ", ")
            throw .usage("SHELL cannot be '\(name)': expected one of \(names)")
        }
        print(Commands.program.completions(for: shell), terminator: "")
        return .silent
    }

    /// Prints the overview, or writes every page into a directory.
    static func man(_ arguments: Arguments) throws(CommandError) -> Report {
        guard let directory = arguments[Commands.manualDirectory] else {
            print(Commands.program.manual() ?? "", terminator: "")
            return .silent
        }
        if mkdir(directory, 0o755) != 0, errno != EEXIST {
            throw .system(call: "mkdir", path: directory, errno: errno)
        }
        let pages = Commands.program.manualPages
        for page in pages {
            try CommandError.lifting { () throws(OutputError) in
                try OutputFile.write(Array(page.text.utf8), to: "\(directory)/\(page.file)")
            }
        }
        return Report { writer in
            writer.member("directory", directory)
            writer.member("pages", pages.count)
        }
    }
}
