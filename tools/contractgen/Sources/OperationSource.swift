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
                &source, "What a GET of its path is; nil when the path has none.",
                "getOfPath: Operation?", endpoints
            ) { endpoint in
                endpoints.first { $0.method == "get" && $0.path == endpoint.path }
                    .map { ".\($0.id)" } ?? "nil"
            }
            source.line()
            bodies(&source, endpoints)
            source.line()
            answers(&source, endpoints)
        }
        source.line()
        bodyTypes(&source, endpoints)
        source.line()
        envelopes(&source, endpoints)
        return source
    }

    /// What a request may have, whatever it says.
    private static func bodies(_ source: inout Source, _ endpoints: [Endpoint]) {
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
        source.line()
        property(
            &source, "The media types that its body may have; none when it takes no body.",
            "bodyTypes: BodyTypes", endpoints
        ) {
            let names = $0.body?.mediaTypes.map { ".\($0.camelCased)" } ?? []
            return names.count == 1 ? names[0] : "[\(names.joined(separator: ", "))]"
        }
        source.line()
        property(
            &source, "Whether an Idempotency-Key has it carried out once.",
            "takesIdempotencyKey: Bool", endpoints
        ) {
            "\($0.fields.contains { $0.name == "Idempotency-Key" })"
        }
    }

    /// What an answer has, whatever the request says.
    private static func answers(_ source: inout Source, _ endpoints: [Endpoint]) {
        property(
            &source, "What stands around the records that it lists; nil when it lists none.",
            "envelope: ListEnvelope?", endpoints
        ) {
            $0.answer.envelope.map { ".\($0.name)" } ?? "nil"
        }
        source.line()
        property(
            &source,
            "What Location says of a record that it creates, up to the record's id; nil when the record has no "
                + "path of its own.", "locationPrefix: StaticString?", endpoints
        ) {
            $0.locationPrefix?.literal ?? "nil"
        }
        source.line()
        property(
            &source,
            "Since when it is deprecated, as the value of Deprecation (RFC 9745); nil when it is not.",
            "deprecation: StaticString?", endpoints
        ) {
            $0.answer.deprecation?.since.literal ?? "nil"
        }
        source.line()
        property(
            &source,
            "The value of Link that leads from a deprecated operation to its successor; nil when it is not "
                + "deprecated.", "successorLink: StaticString?", endpoints
        ) {
            $0.answer.deprecation?.link.literal ?? "nil"
        }
    }

    /// The media types of all bodies, and sets of them.
    private static func bodyTypes(_ source: inout Source, _ endpoints: [Endpoint]) {
        var names: [String] = []
        for name in endpoints.flatMap({ $0.body?.mediaTypes ?? [] }) where !names.contains(name) {
            names.append(name)
        }
        source.doc("The media types that bodies of requests have.")
        source.line("@frozen")
        source.block("public struct BodyTypes: OptionSet, Sendable") { source in
            source.doc("A bit for each type.")
            source.line("public let rawValue: UInt8")
            source.line()
            source.doc("The set with those bits.")
            source.line("@inlinable")
            source.block("public init(rawValue: UInt8)") { $0.line("self.rawValue = rawValue") }
            source.line()
            for (bit, name) in names.enumerated() {
                source.doc("`\(name)`")
                source.line(
                    "public static let \(name.camelCased) = BodyTypes(rawValue: \(1 << bit))")
            }
            source.line()
            source.doc(
                "Each type with its name and whether it is JSON, in the order in which they are offered."
            )
            source.line(
                "public static let all: [(type: BodyTypes, name: StaticString, isJSON: Bool)] = [")
            source.indented { source in
                for name in names {
                    source.line(
                        "(.\(name.camelCased), \(name.literal), \(RequestBody.isJSON(name))),")
                }
            }
            source.line("]")
        }
    }

    /// What stands around the records of lists.
    private static func envelopes(_ source: inout Source, _ endpoints: [Endpoint]) {
        var envelopes: [Answer.Envelope] = []
        for envelope in endpoints.compactMap(\.answer.envelope) where !envelopes.contains(envelope)
        {
            envelopes.append(envelope)
        }
        source.doc("What stands around the records of a list.")
        source.line("@frozen")
        source.block("public enum ListEnvelope: Sendable") { source in
            for envelope in envelopes {
                source.doc("`\(envelope.opening)…\(envelope.closing)`")
                source.line("case \(envelope.name)")
            }
        }
        source.line()
        source.block("extension ListEnvelope") { source in
            for (comment, name, text) in [
                ("What comes before the first record.", "opening", \Answer.Envelope.opening),
                ("What comes behind the last record.", "closing", \Answer.Envelope.closing),
            ] {
                if name == "closing" { source.line() }
                source.doc(comment)
                source.line("@inlinable")
                source.block("public var \(name): StaticString") { source in
                    source.line("switch self {")
                    for envelope in envelopes {
                        source.line("case .\(envelope.name): \(envelope[keyPath: text].literal)")
                    }
                    source.line("}")
                }
            }
        }
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
        source.line("@inlinable")
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

extension Answer {
    /// What stands around the records of a page; nil when the answer is none.
    var envelope: Envelope? {
        if case .page(_, let envelope) = content { envelope } else { nil }
    }
}

extension Answer.Envelope {
    /// The case's name.
    var name: String {
        switch self {
        case .array: "array"
        case .member(let name): name
        }
    }

    var opening: String {
        switch self {
        case .array: "["
        case .member(let name): "{\"\(name)\":["
        }
    }

    var closing: String { self == .array ? "]" : "]}" }
}
