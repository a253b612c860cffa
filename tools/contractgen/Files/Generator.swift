/// From proto-json to Swift: the same files, byte for byte, for the same input.
struct Generator {
    struct File {
        /// Relative to the repository's root.
        let path: String
        let text: String
    }

    /// Where the generated files are, relative to the repository's root. Nothing else may be there.
    static let directories = [
        "Sources/RelayContract/Generated", "Sources/RelayContract/Generated/Models",
        "Sources/RelayClient/Generated", "Tests/RelayClientTests/Generated",
    ]

    private let document: Tree
    private let problems: Tree
    private let schemas: [(name: String, tree: Tree)]

    /// Reads proto-json under the repository's root.
    init(root: String) throws(GeneratorFault) {
        let base = "\(root)/proto-json"
        document = try Self.tree("\(base)/openapi.json")
        problems = try Self.tree("\(base)/problems.json")
        var schemas: [(name: String, tree: Tree)] = []
        for file in Directory.names(in: "\(base)/schemas", ending: ".json") {
            let name = String(file.dropLast(".json".count))
            schemas.append((name, try Self.tree("\(base)/schemas/\(file)")))
        }
        self.schemas = schemas
    }

    private static func tree(_ path: String) throws(GeneratorFault) -> Tree {
        try Tree(try Directory.read(path), file: path)
    }

    /// The document complete in itself.
    var bundle: Tree { Bundle.document(document, schemas: schemas) }

    private var problemNames: [String] {
        schemas.first { $0.name == "ProblemName" }?.tree["enum"]?.strings ?? []
    }

    private var reader: SchemaReader {
        SchemaReader(trees: Dictionary(uniqueKeysWithValues: schemas.map { ($0.name, $0.tree) }))
    }

    /// Every operation, in the order of the document.
    func endpoints() throws(GeneratorFault) -> [Endpoint] {
        try Endpoint.all(in: document, reader)
    }

    /// Every generated file.
    func files() throws(GeneratorFault) -> [File] {
        let endpoints = try endpoints()
        var files: [File] = []
        func add(_ name: String, _ source: Source, to directory: String = Self.directories[0]) {
            files.append(File(path: "\(directory)/\(name).swift", text: source.text))
        }
        add("Operation", OperationSource.source(endpoints))
        add("Routes", RouterSource.source(endpoints))
        add("API", APISource.source(endpoints))
        add("Inputs", InputSource.source(endpoints))
        let problems = try ProblemEntry.all(in: self.problems, names: problemNames)
        add("ProblemType", ProblemSource.source(problems))
        add("OpenAPIDocument", DocumentSource.source(bundle))
        files.append(File(path: VersionSource.path, text: try VersionSource.source(document).text))
        for (name, source) in try ClientSource.files(endpoints, tags: document["tags"] ?? .null) {
            add(name, source, to: Self.directories[2])
        }
        files.append(File(path: "tools/docs/api.md", text: OperationTable.text(endpoints)))
        files.append(File(path: "tools/docs/problems.md", text: ProblemPage.text(problems)))
        add("ClientCalls", try ClientCallSource.source(endpoints), to: Self.directories[3])
        var read: [Schema] = []
        for (name, _) in schemas { read.append(try reader.schema(name)) }
        add("References", ReferenceSource(read).source(endpoints))
        for (schema, name) in zip(read, schemas.map(\.name)) {
            switch schema.kind {
            case .object(let object):
                add("Models/\(name)", ModelSource(schema: schema, object: object).source)
            case .choice(let choices):
                add("Models/\(name)", ChoiceSource.source(schema, choices))
            case .scalar, .list, .handWritten: break
            }
        }
        return files
    }
}
