/// Generates the bundled document as one constant: a single literal compiles at once, an array of bytes does not.
enum DocumentSource {
    static func source(_ document: Tree) -> Source {
        var source = Source()
        source.line("// swift-format-ignore-file: the lines are the document's own.")
        source.line()
        source.doc("The OpenAPI document that the service serves at /openapi.json.")
        source.block("public enum OpenAPIDocument") { source in
            source.doc("JSON in UTF-8, complete in itself: every reference stays inside.")
            source.line("public static let json: StaticString = ##\"\"\"")
            source.indented { source in
                for line in document.text(width: 92).split(separator: "\n") {
                    source.line(String(line))
                }
                source.line("")
                source.line("\"\"\"##")
            }
        }
        return source
    }
}
