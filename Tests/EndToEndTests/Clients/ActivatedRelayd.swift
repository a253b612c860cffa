import Glibc
import TestSupport

/// A relayd that is given its sockets, as a service manager does it.
final class ActivatedRelayd {
    let process: ChildProcess
    private let log: String

    /// What it printed so far.
    var output: String { readText(log) }

    /// Starts it.
    ///
    /// - Parameters:
    ///   - sockets: what it finds at 3, 4, …
    ///   - names: LISTEN_FDNAMES; nil for none.
    ///   - count: LISTEN_FDS; the number of sockets unless given.
    ///   - pid: LISTEN_PID; that of relayd unless given.
    ///   - limit: descriptors that it may have open; as many as the tests unless given.
    init(
        in directory: TemporaryDirectory, _ arguments: [String], sockets: [Int32],
        names: String? = nil, count: String? = nil, pid: String = "$$", limit: Int? = nil
    ) {
        log = directory.file("activated.log")
        unlink(log)
        var script = "export LISTEN_PID=\(pid) LISTEN_FDS=\(count ?? String(sockets.count)); "
        if let names { script += "export LISTEN_FDNAMES='\(names)'; " }
        // What else is open in the tests is no concern of relayd's.
        script += "for file in /proc/$$/fd/*; do number=${file##*/}; "
        script += "((number < \(3 + sockets.count))) || eval \"exec $number>&-\"; done; "
        if let limit { script += "ulimit -n \(limit); " }
        process = ChildProcess(
            "bash",
            ["-c", script + "exec \"$@\"", "bash", ChildProcess.path(of: "relayd")]
                + arguments,
            output: log, descriptors: sockets)
    }

    /// Waits until it serves, or has ended.
    ///
    /// - Returns: whether it serves.
    func isReady() -> Bool {
        for _ in 0..<4_000 {
            if output.contains("ready on ") { return true }
            if process.hasEnded { return false }
            usleep(5_000)
        }
        return false
    }
}
