/// Where the value of an option was found.
public enum Origin: Sendable, Equatable, CustomStringConvertible {
    /// On the command line.
    case commandLine
    /// In this variable of the environment.
    case variable(String)
    /// In this line of a settings file, counted from 1.
    case file(path: String, line: Int)

    /// As messages name it, and what `--check-config` prints: `relayd.conf:3`.
    public var description: String {
        switch self {
        case .commandLine: "command line"
        case .variable(let name): name
        case .file(let path, let line): "\(path):\(line)"
        }
    }
}
