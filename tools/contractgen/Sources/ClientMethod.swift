/// The method of `RelayClient` that calls an operation: its parameters, and how they become a request.
struct ClientMethod {
    struct Parameter {
        /// As it is declared: `_ orderId: UInt64`, `limit: Int? = nil`.
        let declaration: String
        let name: String
        let description: String
        /// The statement that puts it into the request; nil when `RelayRequest`'s initialiser takes it.
        let statement: String?
    }

    let endpoint: Endpoint
    /// Of every call.
    let parameters: [Parameter]
    /// Whether a client can name the version that it has, and is then told that there is no newer one.
    let isConditional: Bool

    init(_ endpoint: Endpoint) throws(GeneratorFault) {
        self.endpoint = endpoint
        isConditional =
            endpoint.method == "get" && endpoint.fields.contains { $0.name == "If-None-Match" }
        var parameters: [Parameter] = []
        for id in endpoint.pathParameters {
            parameters.append(
                Parameter(
                    declaration: "_ \(id.name): \(id.swiftType)", name: id.name,
                    description: id.description, statement: nil))
        }
        parameters += Self.body(endpoint)
        for filter in endpoint.filters where filter.name != "dryRun" {
            let type = filter.kind.clientType
            parameters.append(
                Parameter(
                    declaration: "\(filter.name): \(type)" + (filter.isRequired ? "" : "? = nil"),
                    name: filter.name, description: filter.description,
                    statement: "request.add(\(filter.name.literal), \(filter.name))"))
        }
        if let page = endpoint.page {
            parameters += Self.page(endpoint, page.isRequired && page.unless.isEmpty)
        }
        for field in endpoint.fields where field.name != "If-None-Match" || !isConditional {
            parameters.append(try Self.field(field, endpoint))
        }
        self.parameters = parameters
    }

    private static func body(_ endpoint: Endpoint) -> [Parameter] {
        guard let body = endpoint.body else { return [] }
        var parameters = [
            Parameter(
                declaration: "_ body: \(body.model)", name: "body", description: body.description,
                statement: body.files == nil ? "request.setBody(body)" : nil)
        ]
        if let files = body.files {
            parameters.append(
                Parameter(
                    declaration: "\(files.name): [RelayUpload] = []", name: files.name,
                    description: files.description,
                    statement: "request.setForm(body, \(files.name.literal), \(files.name))"))
        }
        return parameters
    }

    private static func page(_ endpoint: Endpoint, _ isRequired: Bool) -> [Parameter] {
        endpoint.query.filter { ["limit", "offset"].contains($0.name) }.map { parameter in
            Parameter(
                declaration: "\(parameter.name): Int" + (isRequired ? "" : "? = nil"),
                name: parameter.name, description: parameter.description,
                statement: "request.add(\(parameter.name.literal), \(parameter.name))")
        }
    }

    private static func field(
        _ field: Endpoint.Named, _ endpoint: Endpoint
    ) throws(GeneratorFault) -> Parameter {
        let known = ["If-Match", "If-None-Match", "If-Range", "Idempotency-Key", "Range"]
        guard known.contains(field.name) else {
            throw GeneratorFault("\(endpoint.id): the client knows no field \(field.name)")
        }
        let name = field.name.camelCased
        let type = field.name == "Range" ? "ByteRange" : "String"
        return Parameter(
            declaration: "\(name): \(type)? = nil", name: name, description: field.description,
            statement: "request.set(\(field.name.lowercased().literal), \(name))")
    }

    /// Those of a dry run, which nobody sends twice.
    var dryRun: [Parameter] { parameters.filter { $0.name != "idempotencyKey" } }

    // MARK: What it returns

    /// The Swift type of a success; nil when there is nothing to return.
    var result: String? {
        switch endpoint.answer.content {
        case .none: nil
        case .model(let name): "RelayAnswer<\(name)>"
        case .id: "RelayAnswer<UInt64>"
        case .page(let element, _): "RelayPage<\(element)>"
        case .file: "RelayFile"
        case .json: "RelayAnswer<[UInt8]>"
        }
    }

    /// The method of `RelayClient` that reads the answer.
    var reader: String {
        switch endpoint.answer.content {
        case .none: "nothing"
        case .model: "record"
        case .id: "id"
        case .page(_, let envelope): "page(.\(envelope.name), "
        case .file: "file"
        case .json: "json"
        }
    }

    /// The expression that reads `response`.
    func reading(_ response: String) -> String {
        reader.hasSuffix(" ") ? "\(reader)\(response))" : "\(reader)(\(response))"
    }
}

extension Endpoint.Parameter.Kind {
    /// As a client passes it.
    fileprivate var clientType: String {
        if case .anyOf(let kind, _) = self { "[\(kind.swiftType)]" } else { swiftType }
    }
}
