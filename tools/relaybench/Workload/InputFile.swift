import HTTP2

/// Requests that somebody wrote down: a file of lines, or one on the command line.
struct InputFile {
    /// All of them, in turn, again and again.
    let plan: Plan
    /// What was left out of a log; nil if nothing was.
    let note: String?

    /// Reads `METHOD PATH [BODY-FILE]` lines; empty ones and those that begin with # are skipped.
    /// The path of a body is relative to the file. Lines of relayd's log are taken as well: those of
    /// reads that were answered are sent again.
    init(_ path: String) throws(BenchError) {
        let text = String(decoding: try TextFile.read(path), as: UTF8.self)
        var reader = LineReader(path: path)
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            try reader.read(line)
        }
        note = reader.note
        if reader.requests.isEmpty {
            throw .usage(
                "\(path) has no request: expected METHOD /PATH lines, or relayd's access log"
                    + (note.map { "; \($0)" } ?? ""))
        }
        plan = Self.plan("file", path, reader.requests, reader.methods)
    }

    /// The plan of `--url`: one request.
    static func plan(path: String, method: String?, body: String?) throws(BenchError) -> Plan {
        let method = method ?? (body == nil ? "GET" : "POST")
        guard isMethod(Substring(method)) else {
            throw .usage("--method cannot be '\(method)': expected a method such as GET or POST")
        }
        var shared: SharedBody?
        if let body {
            shared =
                body.hasPrefix("@")
                ? try read(String(body.dropFirst())) : SharedBody(Array(body.utf8))
        }
        let request = Plan.Request(method: 0, path: Array(path.utf8), body: shared)
        return plan("url", path, [request], [method])
    }

    private static func plan(
        _ name: String, _ summary: String, _ requests: [Plan.Request], _ methods: [String]
    ) -> Plan {
        let scenario = Scenario(name: name, summary: summary, kind: .given)
        return Plan(
            Share(scenario: scenario, keys: .sequential, weight: 1),
            target: .given(requests, methods: methods), expectation: Plan.Expectation(status: nil))
    }

    fileprivate static func read(_ path: String) throws(BenchError) -> SharedBody {
        let bytes = try TextFile.read(path)
        if bytes.count > Limits.bodyBytes {
            throw .usage("\(path) has more than \(Limits.bodyBytes >> 20) MiB: no body is so long")
        }
        return SharedBody(bytes)
    }

    /// A token in capitals, as methods are.
    fileprivate static func isMethod(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 24
            && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x2D }
    }

    fileprivate static func isPath(_ text: Substring) -> Bool {
        (text.hasPrefix("/") || text == "*") && text.utf8.count <= Limits.pathBytes
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

/// Takes the lines of a file one after the other.
private struct LineReader {
    let path: String
    var methods: [String] = []
    var requests: [Plan.Request] = []
    private var bodies: [String: SharedBody] = [:]
    private var leftOut: [AccessLogLine.Reason: Int] = [:]
    private var number = 0

    init(path: String) { self.path = path }

    mutating func read(_ line: Substring) throws(BenchError) {
        number += 1
        if let logged = AccessLogLine(line) { return try read(logged, line) }
        let words = line.split { $0 == " " || $0 == "\t" }
        guard let first = words.first, !first.hasPrefix("#") else { return }
        guard (2...3).contains(words.count), InputFile.isMethod(first), InputFile.isPath(words[1])
        else { throw fault(line) }
        var body: SharedBody?
        if words.count == 3 {
            let name = absolute(String(words[2]))
            if bodies[name] == nil { bodies[name] = try InputFile.read(name) }
            body = bodies[name]
        }
        try add(String(first), String(words[1]), body)
    }

    private mutating func read(
        _ logged: AccessLogLine, _ line: Substring
    ) throws(BenchError) {
        switch logged.content {
        case .none: return
        case .leftOut(let reason): leftOut[reason, default: 0] += 1
        case .request(let method, let target):
            guard InputFile.isPath(Substring(target)) else { throw fault(line) }
            try add(method, target, nil)
        }
    }

    private mutating func add(
        _ method: String, _ target: String, _ body: SharedBody?
    ) throws(BenchError) {
        let index = methods.firstIndex(of: method) ?? methods.count
        if index == methods.count { methods.append(method) }
        requests.append(Plan.Request(method: index, path: Array(target.utf8), body: body))
        if requests.count > Limits.requestLines {
            throw .usage(
                "\(path), line \(number): a file has at most \(Limits.requestLines) requests")
        }
    }

    private func fault(_ line: Substring) -> BenchError {
        .usage(
            "\(path), line \(number): expected METHOD /PATH [BODY-FILE] or a line of relayd's log, "
                + "found '\(line)'")
    }

    /// What was left out, in words.
    var note: String? {
        if leftOut.isEmpty { return nil }
        let texts = AccessLogLine.Reason.allCases.compactMap { reason in
            leftOut[reason].map { reason.text($0) }
        }
        return "left out of the log: \(texts.joined(separator: ", "))"
    }

    /// A path that is meant beside the file.
    private func absolute(_ name: String) -> String {
        if name.hasPrefix("/") { return name }
        guard let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }
}
