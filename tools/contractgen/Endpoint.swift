/// One operation of openapi.json.
struct Endpoint {
    struct Parameter {
        enum Kind {
            case integer(ClosedRange<Int>)
            case id
            case boolean
            case time
            case wallTime
            case month
            case text(ClosedRange<Int>)
            /// One of a closed set, which has a schema of its own.
            case choice(String)
            case cursor
        }
        let name: String
        let kind: Kind
        let isRequired: Bool
        /// Required unless that other parameter is given.
        let requiredUnless: String?
        let description: String
    }

    /// How a body comes to its method.
    enum Body {
        case none
        /// Read and valid, as a model of that schema.
        case model(String)
        /// Not read: the method takes it piece by piece from the exchange.
        case streamed
    }

    let id: String
    let method: String
    let path: String
    let summary: String
    /// Of the path: at most one id so far.
    let pathParameter: String?
    let query: [Parameter]
    let body: Body
    let maxBodyBytes: Int
    let successStatus: Int
    let requiresKey: Bool

    var isWrite: Bool { method != "get" }

    /// The schema of a body that is read before the method is called.
    var model: String? { if case .model(let name) = body { name } else { nil } }

    /// Whether the method takes the body from the exchange.
    var streamsBody: Bool { if case .streamed = body { true } else { false } }

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
            case "header": break  // The handlers read fields themselves.
            default: throw GeneratorFault("\(id): parameter \(name) is in no place known here")
            }
        }
        guard
            inPath
                == path.split(separator: "/").filter({ $0.hasPrefix("{") }).map({
                    String($0.dropFirst().dropLast())
                }), inPath.count <= 1
        else { throw GeneratorFault("\(id): path parameters do not fit \(path)") }
        guard inQuery.count <= 32 else { throw GeneratorFault("\(id): more than 32 parameters") }
        pathParameter = inPath.first
        query = inQuery
        let streamed = tree["x-streamed-body"] == .boolean(true)
        body = streamed ? .streamed : try Self.body(tree["requestBody"]?["content"], id)
        maxBodyBytes = tree["x-max-body-bytes"]?.integer ?? 0
        let shared = tree["parameters"]?.elements.compactMap { $0["$ref"]?.string } ?? []
        for (name, isNeeded) in [("DryRun", method != "get"), ("IdempotencyKey", method == "post")]
        where isNeeded && !shared.contains("#/components/parameters/\(name)") {
            throw GeneratorFault("\(id): every \(method) takes #/components/parameters/\(name)")
        }
        let hasBody = model != nil || streamsBody
        guard hasBody == (maxBodyBytes > 0) else {
            throw GeneratorFault("\(id): a body needs x-max-body-bytes, and the other way round")
        }
    }

    /// JSON alone is read before the method is called; whatever else an operation takes is streamed.
    private static func body(_ content: Tree?, _ id: String) throws(GeneratorFault) -> Body {
        guard let content else { return .none }
        guard content.members.map(\.name) == ["application/json"] else { return .streamed }
        guard let schema = content["application/json"]?["schema"],
            let name = SchemaReader.referenced(schema)
        else { throw GeneratorFault("\(id): the body's schema needs a file of its own") }
        return .model(name)
    }

    private static func queryParameter(
        _ tree: Tree, _ name: String, _ id: String, _ schemas: SchemaReader
    ) throws(GeneratorFault) -> Parameter {
        guard let schema = tree["schema"], let description = tree["description"]?.string else {
            throw GeneratorFault("\(id): parameter \(name) has no schema or no description")
        }
        if ["name", "value", "faults", "seen", "reader", "page", "body"].contains(name) {
            throw GeneratorFault("\(id): the generated code has its own \(name)")
        }
        let kind: Parameter.Kind
        if name == "cursor" {
            kind = .cursor
        } else {
            switch try schemas.shape(schema, "\(id)?\(name)") {
            case .integer(let range): kind = .integer(range)
            case .id(_, let smallest): kind = smallest == 0 ? .integer(0...largestId) : .id
            case .boolean: kind = .boolean
            case .time: kind = .time
            case .wallTime: kind = .wallTime
            case .month: kind = .month
            case .string(let length?): kind = .text(length)
            case .choice(let name): kind = .choice(name)
            default: throw GeneratorFault("\(id): parameter \(name) is not understood")
            }
        }
        return Parameter(
            name: name, kind: kind, isRequired: tree["required"] == .boolean(true),
            requiredUnless: tree["x-required-unless"]?.string, description: description)
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
