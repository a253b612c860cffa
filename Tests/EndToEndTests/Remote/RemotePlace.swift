import Glibc
import TestSupport
import Testing

@testable import RelaySnapshots

/// A store, a repository of it, and what rclone sends that to.
struct RemotePlace {
    let directory = TemporaryDirectory()
    var store: String { directory.file("store") }
    var path: String { directory.file("repository") }
    /// A place of rclone's local backend.
    var remote: String { directory.file("remote") }

    static let hasRclone = ChildProcess.run("sh", ["-c", "command -v rclone"]).code == 0
    static let why: Comment = "rclone is not installed: tools/bootstrap --tests does that"

    /// Makes the store and two snapshots of it.
    init(_ options: [String] = []) {
        relayctl(["sample", "--store", store, "--orders", "60"])
        snapshot(["init", path] + options)
        create(options)
        create(options)
    }

    func create(_ options: [String] = []) {
        snapshot(["create", "--store", store, "--into", path] + options)
    }

    /// Runs a verb, with these words of env(1) before it.
    @discardableResult
    func snapshot(
        _ words: [String], code: Int32 = 0, environment: [String] = []
    ) -> String {
        relayctl(["snapshot"] + words, code: code, environment: environment)
    }

    @discardableResult
    private func relayctl(
        _ words: [String], code: Int32 = 0, environment: [String] = []
    ) -> String {
        let run = ChildProcess.run(
            "env", environment + [ChildProcess.path(of: "relayctl")] + words)
        #expect(run.code == code, "\(words): \(run.output)")
        return run.output
    }

    /// Words of env(1) with which a script is rclone; in it, `real` is rclone and `turn` counts its
    /// calls of a verb.
    func standIn(_ script: String) throws -> [String] {
        let bin = directory.file("bin")
        mkdir(bin, 0o755)
        let real = ChildProcess.run("sh", ["-c", "command -v rclone"]).output.dropLast()
        let text = """
            #!/bin/bash
            real=\(real) here=\(directory.path)
            verb=$2
            turn=$(($(cat "$here/$verb.turns" 2>/dev/null || echo 0) + 1))
            echo $turn > "$here/$verb.turns"
            \(script)
            exec "$real" "$@"
            """
        unlink(bin + "/rclone")
        try writeBytes(bin + "/rclone", Array(text.utf8))
        #expect(chmod(bin + "/rclone", 0o755) == 0)
        return ["PATH=\(bin):\(String(cString: getenv("PATH")))"]
    }

    /// Names of the files of a folder at the remote place, or of another.
    func names(_ folder: String, in place: String? = nil) -> [String] {
        TemporaryDirectory.names(in: "\(place ?? remote)/\(folder)").sorted()
            .filter { $0 != "." && $0 != ".." }
    }

    /// A member of a report that is a number.
    static func number(_ name: String, in report: String) -> Int? {
        report.firstRange(of: "\"\(name)\":").flatMap { range in
            Int(report[range.upperBound...].prefix { $0.isNumber })
        }
    }
}
