/// Generates the operations of `RelayClient`: a file for each tag of the contract.
enum ClientSource {
    /// The files by name.
    static func files(
        _ endpoints: [Endpoint], tags: Tree
    ) throws(GeneratorFault) -> [(name: String, source: Source)] {
        var files: [(name: String, source: Source)] = []
        for tag in tags.elements {
            guard let name = tag["name"]?.string, let description = tag["description"]?.string
            else { throw GeneratorFault("a tag needs a name and a description") }
            var methods: [ClientMethod] = []
            for endpoint in endpoints where endpoint.tag == name {
                methods.append(try ClientMethod(endpoint))
            }
            let title = name.prefix(1).uppercased() + name.dropFirst()
            files.append((title, source(methods, description)))
        }
        for endpoint in endpoints
        where !tags.elements.contains(where: {
            $0["name"]?.string == endpoint.tag
        }) {
            throw GeneratorFault("\(endpoint.id): no tag \(endpoint.tag)")
        }
        return files
    }

    private static func source(_ methods: [ClientMethod], _ description: String) -> Source {
        var source = Source(imports: ["RelayContract"])
        source.doc(description)
        source.block("extension RelayClient") { source in
            for (index, method) in methods.enumerated() {
                if index > 0 { source.line() }
                operation(method, &source)
                if method.isConditional {
                    source.line()
                    conditional(method, &source)
                }
            }
        }
        let writes = methods.filter(\.endpoint.isWrite)
        if writes.isEmpty { return source }
        source.line()
        source.doc(description)
        source.block("extension RelayDryRun") { source in
            for (index, method) in writes.enumerated() {
                if index > 0 { source.line() }
                dryRun(method, &source)
            }
        }
        return source
    }

    // MARK: Methods

    private static func operation(_ method: ClientMethod, _ source: inout Source) {
        let endpoint = method.endpoint
        source.doc(endpoint.summary + ".")
        source.line("///")
        source.doc(endpoint.description)
        source.line("///")
        source.doc("`\(endpoint.method.uppercased()) \(endpoint.path)`")
        source.line("///")
        parameters(method.parameters.map { ($0.name, $0.description) }, &source)
        if method.result != nil { source.item("- Returns:", method.returns) }
        throwing(endpoint, &source)
        deprecation(endpoint, &source)
        if endpoint.isWrite, method.result != nil { source.line("@discardableResult") }
        let result = method.result.map { " -> \($0)" } ?? ""
        source.list(
            "public func \(endpoint.id)(", method.parameters.map(\.declaration),
            ") throws(RelayClientError)\(result) {")
        source.indented { source in
            request(method, method.parameters, &source)
            source.line("return try \(method.reading("send(request)"))")
        }
        source.line("}")
    }

    /// Writes the method for a client that has a version of the answer already.
    private static func conditional(_ method: ClientMethod, _ source: inout Source) {
        let endpoint = method.endpoint
        let field = endpoint.fields.first { $0.name == "If-None-Match" }!
        source.doc("\(endpoint.summary), unless the client has the current version already.")
        source.line("///")
        parameters(
            method.parameters.map { ($0.name, $0.description) }
                + [("ifNoneMatch", field.description)], &source)
        source.item("- Returns:", "\(method.returns) nil if `ifNoneMatch` names its version.")
        throwing(endpoint, &source)
        deprecation(endpoint, &source)
        source.list(
            "public func \(endpoint.id)(",
            method.parameters.map(\.declaration) + ["ifNoneMatch: String"],
            ") throws(RelayClientError) -> \(method.result ?? "Void")? {")
        source.indented { source in
            request(
                method, method.parameters, &source,
                and: ["request.set(\"if-none-match\", ifNoneMatch)"])
            source.line("let response = try send(request)")
            source.line("return response.status == 304 ? nil : try \(method.reading("response"))")
        }
        source.line("}")
    }

    private static func dryRun(_ method: ClientMethod, _ source: inout Source) {
        let endpoint = method.endpoint
        source.doc("\(endpoint.summary): a dry run of `RelayClient.\(endpoint.id)`.")
        source.line("///")
        parameters(method.dryRun.map { ($0.name, $0.description) }, &source)
        throwing(endpoint, &source)
        deprecation(endpoint, &source)
        source.list(
            "public func \(endpoint.id)(", method.dryRun.map(\.declaration),
            ") throws(RelayClientError) -> DryRunAnswer {")
        source.indented { source in
            request(method, method.dryRun, &source)
            source.line("return try client.answerDryRun(request)")
        }
        source.line("}")
    }

    private static func request(
        _ method: ClientMethod, _ parameters: [ClientMethod.Parameter], _ source: inout Source,
        and further: [String] = []
    ) {
        let id = method.endpoint.pathParameters.map { ", \($0.name)" }.joined()
        let statements = parameters.compactMap(\.statement) + further
        let binding = statements.isEmpty ? "let" : "var"
        source.line("\(binding) request = RelayRequest(.\(method.endpoint.id)\(id))")
        for statement in statements { source.line(statement) }
    }

    // MARK: Documentation

    private static func parameters(
        _ parameters: [(name: String, description: String)], _ source: inout Source
    ) {
        guard parameters.count > 1 else {
            if let only = parameters.first {
                source.item("- Parameter \(only.name):", only.description)
            }
            return
        }
        source.line("/// - Parameters:")
        for parameter in parameters {
            source.item("  - \(parameter.name):", parameter.description)
        }
    }

    private static func throwing(_ endpoint: Endpoint, _ source: inout Source) {
        let codes = endpoint.answer.refusals.map(String.init).joined(separator: ", ")
        source.item(
            "- Throws:",
            "`RelayClientError`; `refused` with a status such as \(codes).")
    }

    private static func deprecation(_ endpoint: Endpoint, _ source: inout Source) {
        guard let successor = endpoint.successor else { return }
        source.line(
            "@available(*, deprecated, message: \"use \(successor)\")")
    }
}

extension ClientMethod {
    /// What the documentation says of the result.
    fileprivate var returns: String {
        let first = endpoint.answer.description
        let statuses = endpoint.answer.statuses
        switch endpoint.answer.content {
        case .model, .id:
            let codes = statuses.map(String.init).joined(separator: " or ")
            let tag = endpoint.answer.headers.contains("ETag") ? " and its entity tag" : ""
            return "\(first) With status \(codes)\(tag)."
        case .page: return "\(first) `RelayClient.page(after:)` reads the page after this one."
        case .none, .file, .json: return first
        }
    }
}

extension Source {
    /// An item of a documentation comment: `- Returns: what`, further lines under the first word.
    mutating func item(_ lead: String, _ text: String) {
        let indent = lead.prefix { $0 == " " }.count + 2
        let lines = text.replacing("\n\n", with: " ")
        let space = String(repeating: " ", count: indent - 2)
        wrap("\(lead.dropFirst(indent - 2)) \(lines)", lead: "/// \(space)", next: "///   \(space)")
    }
}
