import TestSupport

/// curl, as anybody who has an account on the machine.
struct Curl {
    /// What stands before curl's own command.
    var prefix: [String] = []

    /// curl as a user with a group, and with further ones.
    static func user(_ user: Int, group: Int, others: [Int] = []) -> Curl {
        let groups = others.isEmpty ? ["--clear-groups"] : ["--groups", list(others)]
        return Curl(prefix: ["setpriv", "--reuid", "\(user)", "--regid", "\(group)"] + groups)
    }

    private static func list(_ numbers: [Int]) -> String {
        numbers.map(String.init).joined(separator: ",")
    }

    /// The status of the answer; nil when there is none.
    func status(unix path: String, _ target: String = "/openapi.json") -> Int? {
        status(["--unix-socket", path, "http://localhost" + target])
    }

    /// The status of the answer on a port; `host` as a URL has it.
    func status(host: String, port: UInt16, _ target: String = "/openapi.json") -> Int? {
        status(["--globoff", "http://\(host):\(port)\(target)"])
    }

    private func status(_ arguments: [String]) -> Int? {
        let words =
            prefix + ["curl", "--silent", "--output", "/dev/null", "--max-time", "20"]
            + ["--write-out", "%{http_code}", "--http2-prior-knowledge"] + arguments
        let run = ChildProcess.run(words[0], Array(words.dropFirst()))
        return Int(run.output).flatMap { $0 == 0 ? nil : $0 }
    }
}
