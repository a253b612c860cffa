import Glibc
import JSON
import TestSupport
import Testing

@testable import relaybench

/// relaybench as a real process, against a real server.
enum Bench {
    /// What one run came to.
    struct Outcome {
        let code: Int32
        let output: String
        let report: SavedReport.Tree?
    }

    /// Tests run beside others on few cores: that the client is late then is not what they test.
    static let patience = ["--allow-late", "1h", "--allow-busy", "100"]

    /// Runs `relaybench run` with a JSON report.
    static func run(
        _ arguments: [String], in directory: TemporaryDirectory,
        patience: [String] = Bench.patience
    ) -> Outcome {
        let json = directory.file("report.json")
        unlink(json)
        let (code, output) = ChildProcess.run(
            "relaybench", ["run", "--quiet", "--json", json] + patience + arguments)
        return Outcome(code: code, output: output, report: tree(json))
    }

    /// A report, if the file is valid JSON.
    static func tree(_ path: String) -> SavedReport.Tree? {
        guard let bytes = try? TextFile.read(path) else { return nil }
        return try? JSONParser().parse(bytes) { SavedReport.Tree($0) }
    }
}

/// The server that misbehaves, as a real process.
final class BadServerProcess {
    let socket: String
    let process: ChildProcess

    init(_ arguments: [String], in directory: TemporaryDirectory) throws {
        socket = directory.file("bad.sock")
        let log = directory.file("bad.log")
        process = ChildProcess("badserver", ["--socket", socket] + arguments, output: log)
        for _ in 0..<1_000 {
            if readText(log).contains("ready") { return }
            usleep(5_000)
        }
        Issue.record("badserver does not start: \(readText(log))")
    }
}
