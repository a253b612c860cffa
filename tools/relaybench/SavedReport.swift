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
            throw .notAReport(path, why: "it does not say so")
        }
        if runs.isEmpty {
            throw .notAReport(path, why: root["error"]?.text ?? "it has no runs")
        }
    }

    /// The runs, each as it was written.
    var runs: [Tree] { root["runs"]?.elements ?? [] }

    /// Whether the figures are those of the client, not of the server.
    var clientWasLimit: Bool { root["clientWasLimit"]?.isTrue ?? false }

    /// Names of the scenarios.
    var scenarios: [String] {
        (runs[0]["scenarios"]?.elements ?? []).compactMap { $0["name"]?.text }
    }

    /// A figure of each run.
    func sample(_ read: (Tree) -> Double?) -> Sample { Sample(values: runs.compactMap(read)) }
}
