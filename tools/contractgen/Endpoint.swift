/// One operation of openapi.json.
struct Endpoint {
    struct Parameter {
        enum Kind {
            case integer(ClosedRange<Int>)
            case id
            case cursor
        }
        let name: String
        let kind: Kind
        /// Required unless that other parameter is given.
        let requiredUnless: String?
        let description: String
    }

    let id: String
    let method: String
    let path: String
    let summary: String
    /// Of the path: at most one id so far.
    let pathParameter: String?
    let query: [Parameter]
    /// The schema of the body.
    let body: String?
    let maxBodyBytes: Int
    let successStatus: Int
    let requiresKey: Bool

    var isWrite: Bool { method != "get" }

    /// The path's segments.
    var segments: [String] { path.split(separator: "/").map(String.init) }

    /// The Swift type of the input.
    var inputName: String { id.prefix(1).uppercased() + id.dropFirst() + "Input" }

    /// limit, offset and cursor go together as a page; nil when the list has none.
    var page: (isRequired: Bool, limit: ClosedRange<Int>)? {
        guard let limit = query.first(where: { $0.name == "limit" }),
            case .integer(let range) = limit.kind
        else { return nil }
        return (limit.requiredUnless != nil, range)
    }

    /// The parameters that are not part of a page.
    var filters: [Parameter] {
        query.filter { !["limit", "offset", "cursor"].contains($0.name) }
    }
}

extension Endpoint {
    /// All operations in the order of the document.
    static func all(in document: Tree, _ schemas: SchemaReader) throws(GeneratorFault) -> [Endpoint]
    {
        var endpoints: [Endpoint] = []
        for path in document["paths"]?.members ?? [] {
            for operation in path.value.members {
                endpoints.append(
                    try Endpoint(
                        path: path.name, method: operation.name, operation.value, document, schemas)
                )
            }
        }
        return endpoints
    }

    private init(
        path: String, method: String, _ tree: Tree, _ document: Tree, _ schemas: SchemaReader
    ) throws(GeneratorFault) {
        guard let id = tree["operationId"]?.string, let summary = tree["summary"]?.string else {
            throw GeneratorFault("\(method) \(path): no operationId or no summary")
        }
        guard ["get", "post", "patch", "delete"].contains(method) else {
            throw GeneratorFault("\(id): no route takes \(method)")
        }
        self.id = id
        self.method = method
        self.path = path
        self.summary = summary
        requiresKey = tree["security"] == nil
        successStatus =
            tree["responses"]?.members.compactMap { Int($0.name) }
            .filter { 200..<300 ~= $0 }.max() ?? 0
        guard successStatus > 0 else { throw GeneratorFault("\(id): no answer of success") }

        var inPath: [String] = []
        var inQuery: [Parameter] = []
        for entry in tree["parameters"]?.elements ?? [] {
            let parameter = try Self.resolve(entry, in: document)
            guard let name = parameter["name"]?.string else {
                throw GeneratorFault("\(id): a parameter without a name")
            }
            switch parameter["in"]?.string {
            case "path": inPath.append(name)
            case "query": inQuery.append(try Self.queryParameter(parameter, name, id, schemas))
            default: break
            }
        }
        guard
            inPath
                == path.split(separator: "/").filter({ $0.hasPrefix("{") }).map({
                    String($0.dropFirst().dropLast())
                }), inPath.count <= 1
        else { throw GeneratorFault("\(id): path parameters do not fit \(path)") }
        pathParameter = inPath.first
        query = inQuery

        let content = tree["requestBody"]?["content"]?["application/json"]?["schema"]
        body = content.flatMap(SchemaReader.referenced)
        maxBodyBytes = tree["x-max-body-bytes"]?.integer ?? 0
        guard (body != nil) == (maxBodyBytes > 0) else {
            throw GeneratorFault("\(id): a body needs x-max-body-bytes, and the other way round")
        }
    }

    private static func queryParameter(
        _ tree: Tree, _ name: String, _ id: String, _ schemas: SchemaReader
    ) throws(GeneratorFault) -> Parameter {
        guard let schema = tree["schema"], let description = tree["description"]?.string else {
            throw GeneratorFault("\(id): parameter \(name) has no schema or no description")
        }
        let kind: Parameter.Kind
        if name == "cursor" {
            kind = .cursor
        } else {
            switch try schemas.shape(schema, "\(id)?\(name)") {
            case .integer(let range): kind = .integer(range)
            case .id(_, let smallest): kind = smallest == 0 ? .integer(0...largestId) : .id
            default: throw GeneratorFault("\(id): parameter \(name) is not understood")
            }
        }
        return Parameter(
            name: name, kind: kind, requiredUnless: tree["x-required-unless"]?.string,
            description: description)
    }

    /// Follows `#/components/…`.
    private static func resolve(_ tree: Tree, in document: Tree) throws(GeneratorFault) -> Tree {
        guard let reference = tree["$ref"]?.string else { return tree }
        var target = document
        for step in reference.split(separator: "/").dropFirst() {
            guard let next = target[String(step)] else {
                throw GeneratorFault("\(reference) leads nowhere")
            }
            target = next
        }
        return target
    }
}
