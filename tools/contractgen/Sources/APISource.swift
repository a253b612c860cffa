/// Generates the `API` protocol and the dispatch to it.
enum APISource {
    static func source(_ endpoints: [Endpoint]) -> Source {
        var source = Source(imports: ["JSON"])
        source.doc(
            """
            The service, one method per operationId: an operation without a handler does not compile.

            A method gets its input read and valid by the schemas. What only the store can tell (does the record \
            exist, is the name taken) is its own task. It answers through the exchange, at once or later.
            """)
        source.block("public protocol API: ~Copyable") { source in
            source.doc("A request that is being answered.")
            source.line("associatedtype Exchange")
            for endpoint in endpoints {
                source.line()
                source.doc("\(endpoint.method.uppercased()) \(endpoint.path): \(endpoint.summary).")
                source.list(
                    "mutating func \(endpoint.id)(",
                    ["_ input: \(endpoint.inputName)", "_ exchange: inout Exchange"], ")")
                if endpoint.streamsBody { admission(endpoint, &source) }
            }
        }
        source.line()
        source.block("extension API where Self: ~Copyable") { source in
            source.doc(
                """
                Reads the input of an operation and calls its method. Allocates nothing for a GET without faults.

                - Throws: every fault of the query or the body; the method was not called then.
                """)
            source.line("@inlinable")
            source.line("public mutating func dispatch(")
            source.indented { source in
                source.line(
                    "_ operation: Operation, _ request: APIRequest, _ parser: JSONParser,")
                source.line("_ exchange: inout Exchange")
            }
            source.line(") throws(InputRefusal) {")
            source.indented { source in
                source.line("switch operation {")
                for endpoint in endpoints { dispatch(endpoint, &source) }
                source.line("}")
            }
            source.line("}")
            source.line()
            admit(endpoints, &source)
        }
        return source
    }

    /// The method that a streamed body is admitted by.
    private static func admission(_ endpoint: Endpoint, _ source: inout Source) {
        source.line()
        source.doc(
            "Before the body of \(endpoint.id) is read: has the exchange take it piece by piece, or answers with a "
                + "problem.")
        let id = endpoint.pathParameters.map { "_ \($0.name): UInt64" }
        source.list(
            "mutating func \(endpoint.admission)(", id + ["_ exchange: inout Exchange"], ")")
    }

    private static func admit(_ endpoints: [Endpoint], _ source: inout Source) {
        source.doc(
            "Has a streamed body admitted by its operation's method. Precondition: the operation streams its body."
        )
        source.line("@inlinable")
        source.line("public mutating func admitStreamedBody(")
        source.indented {
            $0.line("of operation: Operation, id: UInt64, _ exchange: inout Exchange")
        }
        source.line(") {")
        source.indented { source in
            source.line("switch operation {")
            for endpoint in endpoints where endpoint.streamsBody {
                let id = endpoint.pathParameters.isEmpty ? "" : "id, "
                source.line("case .\(endpoint.id): \(endpoint.admission)(\(id)&exchange)")
            }
            source.line("default: preconditionFailure(\"\\(operation) streams no body\")")
            source.line("}")
        }
        source.line("}")
    }

    private static func dispatch(_ endpoint: Endpoint, _ source: inout Source) {
        source.line("case .\(endpoint.id):")
        source.indented { source in
            if !endpoint.query.isEmpty {
                let parser = endpoint.model == nil ? "" : ", parser"
                source.line("let input = try \(endpoint.inputName)(request\(parser))")
                source.line("\(endpoint.id)(input, &exchange)")
                return
            }
            source.line("try request.expectNoQuery()")
            var arguments: [String] = []
            for (place, id) in endpoint.pathParameters.enumerated() {
                arguments.append("\(id.name): \(id.reading(at: place))")
            }
            if let body = endpoint.model {
                source.line(
                    "let body = try request.body(as: \(body).self, of: .\(endpoint.id), parser)")
                arguments.append("body: body")
            }
            let input = "\(endpoint.inputName)(\(arguments.joined(separator: ", ")))"
            source.line("\(endpoint.id)(\(input), &exchange)")
        }
    }
}

extension Endpoint {
    /// The name of the method that admits a streamed body.
    var admission: String { "admit" + id.prefix(1).uppercased() + id.dropFirst() }
}
