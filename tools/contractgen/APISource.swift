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
            source.line("associatedtype Exchange: APIExchange")
            for endpoint in endpoints {
                source.line()
                source.doc("\(endpoint.method.uppercased()) \(endpoint.path): \(endpoint.summary).")
                source.list(
                    "mutating func \(endpoint.id)(",
                    ["_ input: \(endpoint.inputName)", "_ exchange: inout Exchange"], ")")
            }
        }
        source.line()
        source.block("extension API where Self: ~Copyable") { source in
            source.doc(
                """
                Reads the input of an operation and calls its method, or answers with a problem that lists every \
                fault of the query or the body. Allocates nothing for a GET without faults.
                """)
            source.line("@inlinable")
            source.line("public mutating func dispatch(")
            source.indented { source in
                source.line(
                    "_ operation: Operation, _ request: APIRequest, parser: JSONParser,")
                source.line("_ exchange: inout Exchange")
            }
            source.line(") {")
            source.indented { source in
                source.line("switch operation {")
                for endpoint in endpoints { dispatch(endpoint, &source) }
                source.line("}")
            }
            source.line("}")
        }
        return source
    }

    private static func dispatch(_ endpoint: Endpoint, _ source: inout Source) {
        source.line("case .\(endpoint.id):")
        source.indented { source in
            var arguments: [String] = []
            if let name = endpoint.pathParameter { arguments.append("\(name): request.id0") }
            if endpoint.query.isEmpty {
                source.line("guard request.hasNoQuery(&exchange) else { return }")
            } else {
                source.line(
                    "guard let input = \(endpoint.inputName)(request.query, &exchange) "
                        + "else { return }")
                source.line("\(endpoint.id)(input, &exchange)")
                return
            }
            if let body = endpoint.body {
                source.line("guard let body = request.body(as: \(body).self, parser, &exchange)")
                source.line("else { return }")
                arguments.append("body: body")
            }
            let input = "\(endpoint.inputName)(\(arguments.joined(separator: ", ")))"
            source.line("\(endpoint.id)(\(input), &exchange)")
        }
    }
}

/// Generates the inputs: what a method gets.
enum InputSource {
    static func source(_ endpoints: [Endpoint]) -> Source {
        var source = Source()
        for (index, endpoint) in endpoints.enumerated() {
            if index > 0 { source.line() }
            input(endpoint, &source)
        }
        return source
    }

    /// The members of an input: name, type, description.
    private static func members(
        _ endpoint: Endpoint
    ) -> [(name: String, type: String, description: String)] {
        var members: [(name: String, type: String, description: String)] = []
        if let name = endpoint.pathParameter { members.append((name, "UInt64", "From the path.")) }
        if endpoint.page != nil {
            members.append(("page", "PageRequest", "Which part of the list."))
        }
        for filter in endpoint.filters {
            members.append((filter.name, filter.swiftType + "?", filter.description))
        }
        if let body = endpoint.body { members.append(("body", body, "The body.")) }
        return members
    }

    private static func input(_ endpoint: Endpoint, _ source: inout Source) {
        let members = members(endpoint)
        source.doc("What \(endpoint.id) gets.")
        let head = "public struct \(endpoint.inputName): Sendable"
        if members.isEmpty {
            source.block(head) { source in
                source.doc("Nothing.")
                source.line("public init() {}")
            }
            return
        }
        source.block(head) { source in
            for member in members {
                source.doc(member.description)
                source.line("public var \(member.name): \(member.type)")
            }
            source.line()
            source.doc("An input with those members.")
            source.list(
                "public init(",
                members.map { "\($0.name): \($0.type)" + ($0.type.hasSuffix("?") ? " = nil" : "") },
                ") {")
            source.indented { source in
                for member in members { source.line("self.\(member.name) = \(member.name)") }
            }
            source.line("}")
        }
        if !endpoint.query.isEmpty {
            source.line()
            reader(endpoint, &source)
        }
    }

    private static func reader(_ endpoint: Endpoint, _ source: inout Source) {
        precondition(endpoint.pathParameter == nil, "a path id and a query: not generated yet")
        source.block("extension \(endpoint.inputName)") { source in
            source.doc(
                "Reads the query, or answers with a problem that names every wrong parameter.")
            source.line(
                "public init?(_ query: UnsafeRawBufferPointer, _ exchange: inout some APIExchange) {"
            )
            source.indented { source in
                source.line("var faults = Faults()")
                source.line("var page = PageRequest()")
                for filter in endpoint.filters {
                    source.line("var \(filter.name): \(filter.swiftType)?")
                }
                source.line("var seen: UInt32 = 0")
                source.line("var reader = QueryReader(query)")
                source.block("while let (name, value) = reader.next()") { source in
                    parameters(endpoint, &source)
                }
                checks(endpoint, &source)
                source.block("guard faults.isEmpty else") { source in
                    source.line("exchange.reject(Problem(.badQuery, faults))")
                    source.line("return nil")
                }
                let arguments = ["page"] + endpoint.filters.map(\.name)
                source.line(
                    "self.init(\(arguments.map { "\($0): \($0)" }.joined(separator: ", ")))")
            }
            source.line("}")
        }
    }

    private static func parameters(_ endpoint: Endpoint, _ source: inout Source) {
        for (place, parameter) in endpoint.query.enumerated() {
            let name = parameter.name.literal
            let isPage = ["limit", "offset", "cursor"].contains(parameter.name)
            let target = (isPage ? "page." : "") + parameter.name
            source.line("\(place == 0 ? "" : "} else ")if name.matches(\(name)) {")
            source.indented { source in
                source.line(
                    "guard faults.admit(\(name), place: \(place), seen: &seen) else { continue }")
                source.line("\(target) = \(parameter.reading)")
            }
        }
        source.line("} else {")
        source.indented { $0.line("faults.unknownParameter(name)") }
        source.line("}")
    }

    private static func checks(_ endpoint: Endpoint, _ source: inout Source) {
        guard let page = endpoint.page else { return }
        func has(_ name: String) -> String {
            let place = endpoint.query.firstIndex { $0.name == name }!
            return "seen & 0b\(String(1 << place, radix: 2)) != 0"
        }
        source.line("page.check(")
        source.indented { source in
            source.line("hasLimit: \(has("limit")), hasOffset: \(has("offset")),")
            source.line(
                "hasCursor: \(has("cursor")), isRequired: \(page.isRequired), into: &faults)")
        }
    }
}

extension Endpoint.Parameter {
    var swiftType: String {
        switch kind {
        case .integer: "Int"
        case .id: "UInt64"
        case .cursor: "Cursor"
        }
    }

    var reading: String {
        switch kind {
        case .integer(let range):
            "faults.integer(\(name.literal), value, in: \(range.text))"
        case .id: "faults.id(\(name.literal), value)"
        case .cursor: "faults.cursor(\(name.literal), value)"
        }
    }
}
