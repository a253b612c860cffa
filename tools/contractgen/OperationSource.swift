/// Generates `Operation`: one case per operationId and what is known of it without a request.
enum OperationSource {
    static func source(_ endpoints: [Endpoint]) -> Source {
        var source = Source()
        source.doc("The operations of the contract, one per operationId of openapi.json.")
        source.line("@frozen")
        source.block("public enum Operation: UInt8, Sendable, CaseIterable") { source in
            for endpoint in endpoints {
                source.doc("\(endpoint.method.uppercased()) \(endpoint.path): \(endpoint.summary).")
                source.line("case \(endpoint.id)")
            }
        }
        source.line()
        source.block("extension Operation") { source in
            property(&source, "The operationId.", "name: StaticString", endpoints) {
                $0.id.literal
            }
            source.line()
            property(&source, "The method of its route.", "method: Method", endpoints) {
                ".\($0.method)"
            }
            source.line()
            property(
                &source, "The path of its route, as OpenAPI writes it.", "path: StaticString",
                endpoints
            ) {
                $0.path.literal
            }
            source.line()
            property(
                &source, "The status of success: 201 where the operation can create.",
                "successStatus: Int", endpoints
            ) {
                "\($0.successStatus)"
            }
            source.line()
            property(
                &source, "Whether it needs an API key.", "requiresKey: Bool", endpoints
            ) {
                "\($0.requiresKey)"
            }
            source.line()
            property(&source, "Whether it changes the store.", "isWrite: Bool", endpoints) {
                "\($0.isWrite)"
            }
            source.line()
            property(
                &source, "Whether its method takes the body piece by piece from the exchange.",
                "streamsBody: Bool", endpoints
            ) {
                "\($0.streamsBody)"
            }
            source.line()
            property(
                &source, "The largest body it takes, in bytes; 0 when it takes none.",
                "maxBodyBytes: Int", endpoints
            ) {
                $0.maxBodyBytes.grouped
            }
        }
        return source
    }

    /// A computed property: cases with the same value share a line.
    private static func property(
        _ source: inout Source, _ comment: String, _ declaration: String, _ endpoints: [Endpoint],
        _ value: (Endpoint) -> String
    ) {
        var values: [String] = []
        for endpoint in endpoints where !values.contains(value(endpoint)) {
            values.append(value(endpoint))
        }
        source.doc(comment)
        source.block("public var \(declaration)") { source in
            if values.count == 1 {
                source.line(values[0])
                return
            }
            source.line("switch self {")
            // What most cases have is the default.
            let usual = values.first { text in
                endpoints.count { value($0) == text } > endpoints.count / 2
            }
            for text in values where text != usual {
                let cases = endpoints.filter { value($0) == text }.map { ".\($0.id)" }
                source.cases(cases, text)
            }
            if let usual { source.line("default: \(usual)") }
            source.line("}")
        }
    }
}
