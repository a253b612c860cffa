import Glibc
import HTTP2
import Options

/// Why relaybench cannot go on. `description` is what the user reads after the program's name.
enum BenchError: Error, CustomStringConvertible {
    /// What was typed makes no sense; nothing was sent.
    case usage(String)
    /// The server cannot be reached, or broke off.
    case transport(TransportError)
    /// The server lacks what a scenario needs.
    case unusable(scenario: String, why: String)
    /// A file cannot be read.
    case input(WholeFileError)
    /// The output cannot be written.
    case output(OutputError)
    /// A file is no report of this program.
    case notAReport(String, why: String)
    /// Two reports of which no comparison would say anything.
    case notComparable(String)
    /// Reports of generators that are not parts of one load.
    case notMergeable(String)
    /// A search has a goal about which nothing can be known.
    case notMeasured(String)
    /// All connections were lost and none could be opened again.
    case serverGone
    /// Ctrl-C before there was anything to report.
    case interrupted

    var description: String {
        switch self {
        case .usage(let text): text
        case .transport(let error): "\(error)"
        case .unusable(let scenario, let why): "\(scenario) cannot run: \(why)"
        case .input(let error): "\(error)"
        case .output(let error): "\(error)"
        case .notAReport(let path, let why): "\(path) is not a report of relaybench run: \(why)"
        case .notComparable(let why): "the reports cannot be compared: \(why)"
        case .notMergeable(let why): "the reports cannot be merged: \(why)"
        case .notMeasured(let threshold):
            "'\(threshold)' cannot be judged: its figure was not measured; see --pid"
        case .serverGone: "the server closed all connections and accepts no new ones"
        case .interrupted: "interrupted before anything was measured"
        }
    }
}
