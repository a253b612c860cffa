/// Generates the inputs: what a method gets.
enum InputSource {
    static func source(_ endpoints: [Endpoint]) -> Source {
        var source = Source(imports: ["JSON"])
        for (index, endpoint) in endpoints.enumerated() {
            if index > 0 { source.line() }
            input(endpoint, &source)
        }
        return source
    }

    private struct Member {
        var name: String
        var type: String
        var description: String
    }

    private static func members(_ endpoint: Endpoint) -> [Member] {
        var members: [Member] = []
        func add(_ name: String, _ type: String, _ description: String) {
            members.append(Member(name: name, type: type, description: description))
        }
        for id in endpoint.pathParameters { add(id.name, id.swiftType, "From the path.") }
        if endpoint.page != nil { add("page", "PageRequest", "Which part of the list.") }
        for filter in endpoint.filters {
            add(
                filter.name, filter.swiftType + (filter.isRequired ? "" : "?"), filter.description)
        }
        if let body = endpoint.model { add("body", body, "The body.") }
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
            reader(endpoint, members, &source)
        }
    }

    private static func reader(
        _ endpoint: Endpoint, _ members: [Member], _ source: inout Source
    ) {
        source.block("extension \(endpoint.inputName)") { source in
            source.doc(
                """
                Reads the query\(endpoint.model == nil ? "" : ", then the body").

                - Throws: every wrong parameter\(endpoint.model == nil ? "" : ", or every fault of the body").
                """)
            let parser = endpoint.model == nil ? [] : ["_ parser: JSONParser"]
            source.list(
                "public init(", ["_ request: APIRequest"] + parser, ") throws(InputRefusal) {")
            source.indented { source in
                query(endpoint, &source)
                if let body = endpoint.model {
                    source.list(
                        "let body = try request.body(",
                        ["as: \(body).self", "of: .\(endpoint.id)", "parser"], ")")
                }
                let arguments = members.map { member in
                    let place = endpoint.pathParameters.firstIndex { $0.name == member.name }
                    let reading = place.map { endpoint.pathParameters[$0].reading(at: $0) }
                    return "\(member.name): \(reading ?? member.name)"
                }
                source.list("self.init(", arguments, ")")
            }
            source.line("}")
        }
    }

    private static func query(_ endpoint: Endpoint, _ source: inout Source) {
        source.line("var faults = Faults()")
        if endpoint.page != nil { source.line("var page = PageRequest()") }
        for filter in endpoint.filters {
            source.line("var \(filter.name): \(filter.swiftType)?")
        }
        source.line("var seen: UInt32 = 0")
        source.line("var reader = QueryReader(request.query)")
        source.block("while let (name, value) = reader.next()") { source in
            parameters(endpoint, &source)
        }
        checks(endpoint, &source)
        let needed = endpoint.filters.filter(\.isRequired).map { "let \($0.name)" }
        source.block("guard \((["faults.isEmpty"] + needed).joined(separator: ", ")) else") {
            $0.line("throw .problem(Problem(.badQuery, faults))")
        }
    }

    private static func parameters(_ endpoint: Endpoint, _ source: inout Source) {
        for (place, parameter) in endpoint.query.enumerated() {
            let name = parameter.name.literal
            let isPage =
                endpoint.page != nil && ["limit", "offset", "cursor"].contains(parameter.name)
            let target = (isPage ? "page." : "") + parameter.name
            source.line("\(place == 0 ? "" : "} else ")if name.matches(\(name)) {")
            source.indented { source in
                if parameter.kind.isList {
                    source.line("seen |= 0b\(String(1 << place, radix: 2))")
                } else {
                    source.line(
                        "guard faults.admit(\(name), place: \(place), seen: &seen) else { continue }"
                    )
                }
                source.line("\(target) = \(parameter.reading)")
            }
        }
        source.line("} else {")
        var names = endpoint.query.map(\.name.literal)
        names[0] = "known: \(names[0])"
        source.indented { $0.list("faults.unknownParameter(", ["name"] + names, ")") }
        source.line("}")
    }

    private static func checks(_ endpoint: Endpoint, _ source: inout Source) {
        func has(_ name: String) -> String {
            let place = endpoint.query.firstIndex { $0.name == name }!
            return "seen & 0b\(String(1 << place, radix: 2)) != 0"
        }
        for filter in endpoint.filters {
            guard case .ids = filter.kind else { continue }
            source.line("if \(has(filter.name)) {")
            source.indented {
                $0.line("faults.expectAlone(\(filter.name.literal), seen.nonzeroBitCount == 1)")
            }
            source.line("}")
        }
        if let page = endpoint.page {
            let others = page.unless.map { "!(\(has($0)))" }
            let isRequired =
                page.isRequired ? (others.isEmpty ? ["true"] : others) : ["false"]
            source.line("let needsPage = \(isRequired.joined(separator: " && "))")
            source.line("page.check(")
            source.indented { source in
                source.line("hasLimit: \(has("limit")), hasOffset: \(has("offset")),")
                source.line(
                    "hasCursor: \(has("cursor")), isRequired: needsPage, into: &faults)")
            }
        }
        for filter in endpoint.filters where filter.isRequired {
            source.line(
                "faults.require(\(filter.name.literal), \(has(filter.name)))")
        }
    }
}

extension Endpoint.Named {
    /// The type of a parameter in the path.
    var swiftType: String { choice ?? "UInt64" }

    /// What reads it from the request: the first of the path's parameters or the second.
    func reading(at place: Int) -> String {
        choice == nil ? "request.id\(place)" : "request.choice()"
    }
}

extension Endpoint.Parameter {
    var swiftType: String { kind.swiftType }

    var reading: String { kind.reading(name.literal, joining: name) }
}

extension Endpoint.Parameter.Kind {
    var swiftType: String {
        switch self {
        case .integer: "Int"
        case .id: "UInt64"
        case .boolean: "Bool"
        case .time: "Timestamp"
        case .wallTime: "WallTime"
        case .month: "CalendarMonth"
        case .text: "String"
        case .choice(let name): name
        case .ids: "[UInt64]"
        case .anyOf(let kind, _): "AnyOf<\(kind.swiftType)>"
        case .cursor: "Cursor"
        }
    }

    /// Whether it may come more than once, too: several values that are sent so are what they are between commas.
    var isList: Bool {
        switch self {
        case .ids, .anyOf: true
        default: false
        }
    }

    /// The expression that reads a value of the parameter of this name; that of a list goes on with what came
    /// before.
    func reading(_ name: String, joining before: String) -> String {
        switch self {
        case .integer(let range): "faults.integer(\(name), value, in: \(range.text))"
        case .id: "faults.id(\(name), value)"
        case .boolean: "faults.boolean(\(name), value)"
        case .time: "faults.time(\(name), value)"
        case .wallTime: "faults.wallTime(\(name), value)"
        case .month: "faults.month(\(name), value)"
        case .text(let length): "faults.text(\(name), value, length: \(length.text))"
        case .choice: "faults.choice(\(name), value)"
        case .ids(let count): "faults.ids(\(name), value, joining: \(before), count: \(count.text))"
        case .anyOf(.choice, let count):
            "faults.anyChoice(\(name), value, joining: \(before), count: \(count.text))"
        case .anyOf(.id, let count):
            "faults.anyID(\(name), value, joining: \(before), count: \(count.text))"
        case .anyOf(.text(let length), let count):
            "faults.anyText(\(name), value, joining: \(before), length: \(length.text), "
                + "count: \(count.text))"
        case .anyOf: preconditionFailure("`Parameters` takes no lists of others")
        case .cursor: "faults.cursor(\(name), value)"
        }
    }
}
