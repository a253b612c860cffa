/// Generates how the tests of `RelayClient` call it: by the input that a vector's request comes to.
enum ClientCallSource {
    static func source(_ endpoints: [Endpoint]) throws(GeneratorFault) -> Source {
        var methods: [ClientMethod] = []
        for endpoint in endpoints { methods.append(try ClientMethod(endpoint)) }
        var source = Source(imports: ["RelayClient", "RelayContract"])
        source.doc(
            "Has the method of `RelayClient` called that an operation has, with the operation's input."
        )
        source.block("struct ClientCalls: API") { source in
            source.doc("The client that is called.")
            source.line("let client: RelayClient")
            for method in methods {
                source.line()
                call(method, &source)
                if method.endpoint.streamsBody {
                    source.line()
                    let id = method.endpoint.pathParameters.map { "_ \($0.name): UInt64" }
                    source.list(
                        "mutating func \(method.endpoint.admission)(",
                        id + ["_ exchange: inout ClientCall"], ") {}")
                }
            }
        }
        return source
    }

    private static func call(_ method: ClientMethod, _ source: inout Source) {
        let endpoint = method.endpoint
        if endpoint.isDeprecated { source.line("@available(*, deprecated)") }
        source.list(
            "mutating func \(endpoint.id)(",
            ["_ input: \(endpoint.inputName)", "_ exchange: inout ClientCall"], ") {")
        source.indented { source in
            if endpoint.hidesBody, let body = endpoint.body {
                source.line(
                    "guard let body = exchange.body(as: \(body.model).self) else { return }")
            }
            if endpoint.page != nil {
                source.comment("Whoever goes on by a cursor calls `page(after:)`.")
                source.line("guard input.page.cursor == nil else { return }")
            }
            if endpoint.isWrite {
                source.block("if input.dryRun == true") { source in
                    call("client.dryRun", method, method.dryRun, &source)
                    source.line("return")
                }
            }
            if method.isConditional {
                source.block("if let tag = exchange[\"if-none-match\"]") { source in
                    call("client", method, method.parameters, &source, and: ["ifNoneMatch: tag"])
                    source.line("return")
                }
            }
            call("client", method, method.parameters, &source)
        }
        source.line("}")
    }

    private static func call(
        _ client: String, _ method: ClientMethod, _ parameters: [ClientMethod.Parameter],
        _ source: inout Source, and further: [String] = []
    ) {
        let arguments = parameters.compactMap { argument($0, method.endpoint) } + further
        source.line("exchange.note { (fields) throws(RelayClientError) in")
        source.indented {
            $0.list("try \(client).\(method.endpoint.id)(", arguments, ")")
        }
        source.line("}")
    }

    /// The argument for a parameter; nil for one that is left at its default.
    private static func argument(
        _ parameter: ClientMethod.Parameter, _ endpoint: Endpoint
    ) -> String? {
        let name = parameter.name
        if parameter.declaration.hasPrefix("_ ") {
            return name == "body" && endpoint.hidesBody ? "body" : "input.\(name)"
        }
        if name == endpoint.body?.files?.name { return nil }
        if let field = endpoint.fields.first(where: { $0.name.camelCased == name }) {
            let value = "fields[\(field.name.lowercased().literal)]"
            return "\(name): " + (field.name == "Range" ? "ByteRange(\(value))" : value)
        }
        if case .anyOf = endpoint.query.first(where: { $0.name == name })?.kind {
            return "\(name): input.\(name)?.all"
        }
        guard endpoint.page != nil, ["limit", "offset"].contains(name) else {
            return "\(name): input.\(name)"
        }
        let isRequired = !parameter.declaration.hasSuffix("= nil")
        return "\(name): input.page.\(name)" + (isRequired ? "!" : "")
    }
}
