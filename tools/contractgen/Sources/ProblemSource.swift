/// Generates `ProblemType` of the problems in proto-json/problems.json.
enum ProblemSource {
    static func source(_ entries: [ProblemEntry]) -> Source {
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
                _ comment: String, _ declaration: String, _ value: (ProblemEntry) -> String
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
            func texts(_ comment: String, _ name: String, _ text: (ProblemEntry) -> String) {
                source.line()
                source.doc(comment)
                source.block("public var \(name): StaticString") { source in
                    source.line("switch self {")
                    for entry in entries { source.text("case .\(entry.name):", text(entry)) }
                    source.line("}")
                }
            }
            texts("What has happened.", "meaning", \.meaning)
            texts("What to do next.", "action", \.action)
        }
        return source
    }
}
