import Testing

@testable import contractgen

/// Sources/RelayContract/Generated is committed; these tests make sure that it is what proto-json says.
@Suite struct GeneratedCodeTests {
    @Test("The generated files are current, byte for byte, and none is left over.")
    func current() throws {
        let changes = try Change.all(root: SourceTree.root)
        #expect(changes.isEmpty, "run contractgen; it changes \(changes.map(\.path))")
    }

    @Test("Generating twice gives the same bytes.")
    func deterministic() throws {
        let first = try Generator(root: SourceTree.root).files()
        let second = try Generator(root: SourceTree.root).files()
        #expect(first.map(\.path) == second.map(\.path))
        #expect(first.map(\.text) == second.map(\.text))
    }

    @Test("The bundled document refers to nothing outside of it.")
    func bundle() throws {
        let bundle = try Generator(root: SourceTree.root).bundle
        var references: [String] = []
        collect(bundle, &references)
        #expect(references.count > 100)
        for reference in references {
            #expect(reference.hasPrefix("#/"))
            let target = reference.split(separator: "/").dropFirst().reduce(bundle) { tree, step in
                tree?[String(step)]
            }
            #expect(target != nil, "\(reference) leads nowhere")
        }
    }

    @Test(
        "A rule that the generator does not know is refused, not left out.",
        arguments: [
            #"{"type": "string", "format": "email"}"#, #"{"type": "string", "pattern": "^a$"}"#,
            #"{"type": "integer", "minimum": 1}"#, #"{"type": "number", "exclusiveMinimum": 0}"#,
            #"{"type": "integer", "minimum": 0, "maximum": 8, "multipleOf": 2}"#,
            #"{"type": "array"}"#, #"{"oneOf": []}"#, #"{"$ref": "Nothing.json"}"#,
            #"{"type": "string", "minLength": 1}"#,
        ])
    func refusing(text: String) throws {
        let tree = try Tree(Array(text.utf8), file: "test")
        #expect(throws: GeneratorFault.self) {
            _ = try SchemaReader(trees: [:]).shape(tree, "test")
        }
    }

    @Test(
        "Each shape is read by its own rule.",
        arguments: [
            (
                #"{"type": "number", "minimum": 0}"#,
                "$0.number(v, in: 0...Double.greatestFiniteMagnitude)"
            ),
            (
                #"{"type": "number", "minimum": -0.5, "maximum": 1e4}"#,
                "$0.number(v, in: -0.5...10_000)"
            ),
            (
                #"{"type": "array", "items": {"type": "boolean"}, "maxItems": 9}"#,
                "$0.array(v, count: 0...9) { $1.boolean($0) }"
            ),
            (
                #"{"type": "array", "items": {"type": "boolean"}, "maxItems": 2, "uniqueItems": true}"#,
                "$0.uniqueArray(v, count: 0...2) { $1.boolean($0) }"
            ),
            (#"{"type": "object", "additionalProperties": true}"#, "$0.freeObject(v)"),
        ])
    func shapes(text: String, swift: String) throws {
        let tree = try Tree(Array(text.utf8), file: "test")
        let shape = try SchemaReader(trees: [:]).shape(tree, "test")
        #expect(shape.reading("v", "$0") == swift)
    }

    private func collect(_ tree: Tree?, _ references: inout [String]) {
        if let reference = tree?["$ref"]?.string { references.append(reference) }
        for member in tree?.members ?? [] { collect(member.value, &references) }
        for element in tree?.elements ?? [] { collect(element, &references) }
    }
}
