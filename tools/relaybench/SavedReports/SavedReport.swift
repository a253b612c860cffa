import JSON

/// A report that `relaybench run --json` wrote, as far as it is read again.
struct SavedReport {
    /// A JSON value that owns its parts.
    indirect enum Tree {
        case object([(name: String, value: Tree)])
        case array([Tree])
        case text(String)
        case number(Double)
        case boolean(Bool)
        case null

        init(_ value: JSONValue) {
            switch value.kind {
            case .object:
                self = .object(value.members.map { (String($0.name), Tree($0.value)) })
            case .array: self = .array(value.elements.map { Tree($0) })
            case .string: self = .text(String(value.string!))
            case .boolean: self = .boolean(value.boolean!)
            case .null: self = .null
            case .integer: self = .number(Double(value.integer!))
            case .largeInteger, .double: self = .number(value.double ?? 0)
            }
        }

        subscript(path: String...) -> Tree? {
            var tree = self
            for name in path {
                guard case .object(let members) = tree,
                    let next = members.first(where: { $0.name == name })
                else { return nil }
                tree = next.value
            }
            return tree
        }

        var elements: [Tree] { if case .array(let elements) = self { elements } else { [] } }
        var text: String? { if case .text(let text) = self { text } else { nil } }
        var number: Double? { if case .number(let number) = self { number } else { nil } }
        var isTrue: Bool { if case .boolean(true) = self { true } else { false } }
        var members: [(name: String, value: Tree)] {
            if case .object(let members) = self { members } else { [] }
        }
    }

    let path: String
    let root: Tree

    /// Reads a file. Whatever has no runs is refused: there is nothing to compare or to show.
    init(_ path: String) throws(BenchError) {
        try self.init(path, bytes: TextFile.read(path))
    }

    /// Reads bytes.
    init(_ path: String, bytes: [UInt8]) throws(BenchError) {
        self.path = path
        do throws(JSONFault) {
            root = try JSONParser().parse(bytes) { Tree($0) }
        } catch {
            throw .notAReport(path, why: "\(error)")
        }
        guard root["relaybench"] != nil, root["format"]?.number == 1 else {
            throw .notAReport(path, why: "it has no member that names relaybench")
        }
        if runs.isEmpty {
            throw .notAReport(path, why: root["error"]?.text ?? "it has no runs")
        }
    }

    /// The runs, each as it was written.
    var runs: [Tree] { root["runs"]?.elements ?? [] }

    /// Whether the figures are those of the client, not of the server.
    var clientWasLimit: Bool { root["clientWasLimit"]?.isTrue ?? false }

    /// Refuses a report whose figures are not those of a whole run against the server.
    func requireComparable() throws(BenchError) {
        if clientWasLimit {
            throw .notComparable(
                "\(path): the client was the limit, these are no figures of the server")
        }
        if let why = fragment { throw .notComparable("\(path): \(why)") }
    }

    /// Refuses a report of which a part is missing.
    func requireWhole() throws(BenchError) {
        if let why = fragment { throw .notMergeable("\(path): \(why)") }
    }

    /// Why it is no report of whole runs; nil if it is.
    private var fragment: String? {
        let end = root["ended"]?.text ?? BenchReport.End.finished.rawValue
        if end != BenchReport.End.finished.rawValue {
            let why = root["error"]?.text.map { " (\($0))" } ?? ""
            return "its run did not finish, it was \(end)\(why)"
        }
        return root["search"] != nil ? "a search for a rate is no run at a given rate" : nil
    }

    /// Those members of the load that another one has otherwise.
    func membersThatDiffer(from other: SavedReport, of names: [String]) -> [String] {
        names.filter { name in
            let (first, second) = (root["load", name], other.root["load", name])
            return first?.text != second?.text || first?.number != second?.number
        }
    }

    /// What of a load has to be the same, or any difference may be due to it.
    static let loadMembers = [
        "mode", "rate", "from", "to", "stages", "connections", "streams", "threads", "requests",
        "durationMilliseconds", "warmUpMilliseconds", "thinkMilliseconds", "method", "path", "file",
    ]

    /// Scenarios, keys and shares, as `--mix` takes them.
    var mix: String {
        let parts = (runs[0]["scenarios"]?.elements ?? []).map { part in
            let share = part["share"]?.number.map { "=\(Figure.short($0))" } ?? ""
            let keys = part["keys"]?.text.map { ":\($0)" } ?? ""
            return (part["name"]?.text ?? "") + keys + share
        }
        return parts.joined(separator: ",")
    }

    /// Names of the scenarios.
    var scenarios: [String] {
        (runs[0]["scenarios"]?.elements ?? []).compactMap { $0["name"]?.text }
    }

    /// A figure of each run.
    func sample(_ read: (Tree) -> Double?) -> Sample { Sample(values: runs.compactMap(read)) }
}
