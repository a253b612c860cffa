/// Generates `ProblemType` from proto-json/problems.json.
enum ProblemSource {
    static func source(_ problems: Tree) throws(GeneratorFault) -> Source {
        struct Entry {
            var name: String
            var uri: String
            var title: String
            var status: Int
            var meaning: String
        }
        var entries: [Entry] = []
        for problem in problems.elements {
            guard let name = problem["name"]?.string, let uri = problem["type"]?.string,
                let title = problem["title"]?.string, let status = problem["status"]?.integer,
                let meaning = problem["meaning"]?.string
            else { throw GeneratorFault("problems.json: name, type, title, status, meaning") }
            entries.append(
                Entry(name: name, uri: uri, title: title, status: status, meaning: meaning))
        }
        var source = Source()
        source.doc("The kinds of problems that the service answers with: a closed set.")
        source.block("public enum ProblemType: UInt8, Sendable, CaseIterable") { source in
            for entry in entries {
                source.doc("\(entry.status): \(entry.title). \(entry.meaning)")
                source.line("case \(entry.name)")
            }
        }
        source.line()
        source.block("extension ProblemType") { source in
            func property(
                _ comment: String, _ declaration: String, _ value: (Entry) -> String
            ) {
                source.doc(comment)
                source.block("public var \(declaration)") { source in
                    source.line("switch self {")
                    for entry in entries { source.line("case .\(entry.name): \(value(entry))") }
                    source.line("}")
                }
            }
            property("A relative URI that names the kind.", "uri: StaticString", \.uri.literal)
            source.line()
            property("The kind, for people.", "title: StaticString", \.title.literal)
            source.line()
            property("The HTTP status.", "status: Int") { "\($0.status)" }
        }
        return source
    }
}
