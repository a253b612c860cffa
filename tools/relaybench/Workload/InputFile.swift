import HTTP2

/// Requests that somebody wrote down: a file of lines, or one on the command line.
enum InputFile {
    /// Reads `METHOD PATH [BODY-FILE]` lines; empty ones and those that begin with # are skipped.
    /// The path of a body is relative to the file. All are sent in turn, again and again.
    static func plan(_ path: String) throws(BenchError) -> Plan {
        let text = String(decoding: try TextFile.read(path), as: UTF8.self)
        var methods: [String] = []
        var bodies: [String: SharedBody] = [:]
        var requests: [Plan.Request] = []
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let words = line.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            let location = "\(path), line \(number)"
            guard (2...3).contains(words.count), isMethod(first), isPath(words[1]) else {
                throw .usage("\(location): expected METHOD /PATH [BODY-FILE], found '\(line)'")
            }
            var body: SharedBody?
            if words.count == 3 {
                let name = absolute(String(words[2]), beside: path)
                if bodies[name] == nil { bodies[name] = try read(name) }
                body = bodies[name]
            }
            requests.append(
                Plan.Request(
                    method: index(of: String(first), in: &methods), path: Array(words[1].utf8),
                    body: body))
            if requests.count > Limits.requestLines {
                throw .usage("\(location): a file has at most \(Limits.requestLines) requests")
            }
        }
        if requests.isEmpty { throw .usage("\(path) has no request: expected METHOD /PATH lines") }
        return plan("file", path, requests, methods)
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

    private static func index(of method: String, in methods: inout [String]) -> Int {
        if let index = methods.firstIndex(of: method) { return index }
        methods.append(method)
        return methods.count - 1
    }

    private static func read(_ path: String) throws(BenchError) -> SharedBody {
        let bytes = try TextFile.read(path)
        if bytes.count > Limits.bodyBytes {
            throw .usage("\(path) has more than \(Limits.bodyBytes >> 20) MiB: no body is so long")
        }
        return SharedBody(bytes)
    }

    private static func absolute(_ name: String, beside path: String) -> String {
        if name.hasPrefix("/") { return name }
        guard let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }

    /// A token in capitals, as methods are.
    private static func isMethod(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 24
            && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x2D }
    }

    private static func isPath(_ text: Substring) -> Bool {
        (text.hasPrefix("/") || text == "*") && text.utf8.count <= Limits.pathBytes
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
