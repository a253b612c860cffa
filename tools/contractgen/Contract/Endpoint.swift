/// One operation of openapi.json.
struct Endpoint {
    struct Parameter {
        indirect enum Kind {
            case integer(ClosedRange<Int>)
            case id
            case boolean
            case time
            case wallTime
            case month
            case text(ClosedRange<Int>)
            /// One of a closed set, which has a schema of its own.
            case choice(String)
            /// Ids between commas.
            case ids(ClosedRange<Int>)
            /// Values of such a kind between commas, of which a record has any.
            case anyOf(Kind, ClosedRange<Int>)
            case cursor
        }
        let name: String
        let kind: Kind
        let isRequired: Bool
        /// Required unless one of those other parameters is given; empty when it is not required.
        let requiredUnless: [String]
        let description: String
    }

    /// A parameter that stands in no query: the id in the path, or a field of the request.
    struct Named {
        let name: String
        let description: String
        /// Of the path, if it is one of a closed set in place of an id.
        var choice: String?
    }

    let id: String
    let method: String
    let path: String
    let tag: String
    let summary: String
    let description: String
    let isDeprecated: Bool
    /// Of the path: at most two ids, or one of a closed set.
    let pathParameters: [Named]
    let query: [Parameter]
    /// The fields that it reads, as HTTP names them: If-Match, Range.
    let fields: [Named]
    /// nil when it takes none.
    let body: RequestBody?
    let maxBodyBytes: Int
    let answer: Answer
    let requiresKey: Bool
    /// The operationId that `x-location` names: it reads what this one creates.
    let namedLocation: String?
    /// The constant beginning of Location, which the id of the new record follows; nil when the answer has none.
    private(set) var locationPrefix: String?
    /// The operationId to use instead of a deprecated one; nil when it is not deprecated.
    private(set) var successor: String?

    var isWrite: Bool { method != "get" }

    /// The type of a body that is read before the method is called.
    var model: String? { body.flatMap { $0.isStreamed ? nil : $0.readAs } }

    /// Whether an input does not have the body as a client sends it.
    var hidesBody: Bool { body.map { $0.isStreamed || $0.readAs != $0.model } ?? false }

    /// Whether the method takes the body from the exchange, piece by piece.
    var streamsBody: Bool { body?.isStreamed ?? false }

    /// The path's segments.
    var segments: [String] { path.split(separator: "/").map(String.init) }

    /// The Swift type of the input.
    var inputName: String { id.prefix(1).uppercased() + id.dropFirst() + "Input" }

    /// limit, offset and cursor go together as a page; nil when the list has none. A `limit` without a
    /// cursor is a parameter as any other.
    ///
    /// `unless`: the parameters that do as well where limit and offset are required.
    var page: (isRequired: Bool, unless: [String], limit: ClosedRange<Int>)? {
        guard query.contains(where: { $0.name == "cursor" }),
            let limit = query.first(where: { $0.name == "limit" }),
            case .integer(let range) = limit.kind
        else { return nil }
        let others = limit.requiredUnless.filter { $0 != "cursor" }
        return (!limit.requiredUnless.isEmpty, others, range)
    }

    /// The parameters that are not part of a page.
    var filters: [Parameter] {
        page == nil ? query : query.filter { !["limit", "offset", "cursor"].contains($0.name) }
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
        for index in endpoints.indices {
            endpoints[index].locationPrefix = try endpoints[index].location(among: endpoints)
            endpoints[index].successor = try endpoints[index].successor(among: endpoints)
        }
        return endpoints
    }

    /// Where the record is that the operation creates: what `x-location` names reads it, else the GET of the
    /// same path and an id.
    private func location(among endpoints: [Endpoint]) throws(GeneratorFault) -> String? {
        guard answer.headers.contains("Location") else {
            guard namedLocation == nil else {
                throw GeneratorFault("\(id): x-location without a Location field in the answer")
            }
            return nil
        }
        let reader = endpoints.first { reader in
            reader.method == "get"
                && (namedLocation.map { reader.id == $0 } ?? reader.path.hasPrefix("\(path)/{"))
        }
        guard let reader, let brace = reader.path.firstIndex(of: "{"),
            reader.path.firstIndex(of: "}") == reader.path.indices.last
        else { throw GeneratorFault("\(id): Location leads to no GET of one record") }
        return String(reader.path[..<brace])
    }

    /// The operation that Link leads to: the same method, of the path between the angle brackets.
    private func successor(among endpoints: [Endpoint]) throws(GeneratorFault) -> String? {
        guard let link = answer.deprecation?.link else { return nil }
        let path = link.dropFirst().prefix { $0 != ">" }
        guard let successor = endpoints.first(where: { $0.method == method && $0.path == path })
        else { throw GeneratorFault("\(id): Link leads to no \(method)") }
        return successor.id
    }

    private init(
        path: String, method: String, _ tree: Tree, _ document: Tree, _ schemas: SchemaReader
    ) throws(GeneratorFault) {
        guard let id = tree["operationId"]?.string, let summary = tree["summary"]?.string,
            let description = tree["description"]?.string, let tag = tree["tags"]?.strings.first
        else {
            throw GeneratorFault("\(method) \(path): no operationId, tag, summary or description")
        }
        guard ["get", "post", "patch", "delete"].contains(method) else {
            throw GeneratorFault("\(id): no route takes \(method)")
        }
        self.id = id
        self.method = method
        self.path = path
        self.summary = summary
        self.description = description
        self.tag = tag
        isDeprecated = tree["deprecated"] == .boolean(true)
        requiresKey = tree["security"] == nil
        namedLocation = tree["x-location"]?.string

        let parameters = try Parameters(tree, id, in: document, schemas)
        guard parameters.inPath.map(\.name) == Self.placeholders(path), parameters.inPath.count <= 2
        else { throw GeneratorFault("\(id): path parameters do not fit \(path)") }
        pathParameters = parameters.inPath
        query = parameters.inQuery
        fields = parameters.inFields
        body = try RequestBody(tree, id, schemas)
        maxBodyBytes = tree["x-max-body-bytes"]?.integer ?? 0
        let shared = tree["parameters"]?.elements.compactMap { $0["$ref"]?.string } ?? []
        for (name, isNeeded) in [("DryRun", method != "get"), ("IdempotencyKey", method == "post")]
        where isNeeded && !shared.contains("#/components/parameters/\(name)") {
            throw GeneratorFault("\(id): every \(method) takes #/components/parameters/\(name)")
        }
        guard (body != nil) == (maxBodyBytes > 0) else {
            throw GeneratorFault("\(id): a body needs x-max-body-bytes, and the other way round")
        }
        // What an exchange keeps while a streamed body arrives has room for one id.
        guard !(body?.isStreamed ?? false) || pathParameters.count <= 1 else {
            throw GeneratorFault("\(id): a body is streamed to a path with one id at most")
        }
        let isPaged = query.contains { $0.name == "cursor" }
        answer = try Answer(tree, id, isPaged: isPaged, in: document, schemas)
        guard isDeprecated == (answer.deprecation != nil) else {
            throw GeneratorFault(
                "\(id): deprecated, and Deprecation and Link as constants, go together")
        }
    }

    /// The names between braces.
    private static func placeholders(_ path: String) -> [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
    }

    /// Follows `#/components/…`.
    static func resolve(_ tree: Tree, in document: Tree) throws(GeneratorFault) -> Tree {
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
