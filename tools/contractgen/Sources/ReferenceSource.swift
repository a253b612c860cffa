/// Generates what finds the references of a body: members that name other records.
struct ReferenceSource {
    private let models: [(name: String, object: ObjectSchema)]

    init(_ schemas: [Schema]) {
        models = schemas.compactMap { schema in
            if case .object(let object) = schema.kind { (schema.name, object) } else { nil }
        }
    }

    func source(_ endpoints: [Endpoint]) -> Source {
        var source = Source(imports: ["JSON"])
        source.doc("The kinds of records that bodies refer to.")
        source.line("@frozen")
        source.block("public enum ReferredKind: Sendable") { source in
            for kind in kinds {
                source.doc("A record of this kind.")
                source.line("case \(kind)")
            }
        }
        source.line()
        source.block("extension BodyReferences") { source in
            source.doc(
                "Finds the references of an operation's body; those that cannot be read as such are left out."
            )
            source.block("public init(of body: JSONValue, _ operation: Operation)") { source in
                source.line("self.init()")
                source.line("switch operation {")
                for endpoint in endpoints {
                    guard let model = endpoint.body?.model, refers(model) else { continue }
                    source.line("case .\(endpoint.id): \(model).findReferences(in: body, &self)")
                }
                source.line("default: break")
                source.line("}")
            }
        }
        for (name, object) in models where refers(name) {
            source.line()
            source.block("extension \(name)") { source in
                source.line("static func findReferences(")
                source.indented {
                    $0.line("in body: JSONValue, _ found: inout BodyReferences")
                }
                source.line(") {")
                source.indented { members(object, &$0) }
                source.line("}")
            }
        }
        return source
    }

    /// Its own references first, then those of its parts.
    private func members(_ object: ObjectSchema, _ source: inout Source) {
        for how in ["updated", "record", "named"] {
            for member in object.members where member.reference?.how == how {
                let kind = member.reference!.kind
                source.line("found.add(\(how): body, \(member.name.literal), .\(kind))")
            }
        }
        for member in object.members {
            switch member.shape {
            case .model(let name) where refers(name):
                source.line("found.at(body, \(member.name.literal), \(name).findReferences)")
            case .array(.model(let name), _, _) where refers(name):
                source.line(
                    "found.atEach(of: body, \(member.name.literal), \(name).findReferences)")
            default: break
            }
        }
    }

    /// Whether a model, or a part of it, has a reference.
    private func refers(_ name: String) -> Bool {
        guard let object = models.first(where: { $0.name == name })?.object else { return false }
        return object.members.contains { member in
            if member.reference != nil { return true }
            switch member.shape {
            case .model(let part), .array(.model(let part), _, _): return refers(part)
            default: return false
            }
        }
    }

    private var kinds: [String] {
        var kinds: [String] = []
        for member in models.flatMap(\.object.members) {
            if let kind = member.reference?.kind, !kinds.contains(kind) { kinds.append(kind) }
        }
        return kinds.sorted()
    }
}

extension ObjectSchema.Reference {
    /// What a member says of another record. An id that Relay gave is one of a record, or of the key's account,
    /// which is no reference.
    init?(_ tree: Tree, _ place: String) throws(GeneratorFault) {
        let ways = [("x-refers-to", "record"), ("x-updates", "updated"), ("x-names", "named")]
        guard let (name, how) = ways.first(where: { tree[$0.0] != nil }) else {
            if SchemaReader.referenced(tree) == "IdReference" {
                throw GeneratorFault(
                    "\(place): x-refers-to or x-updates has to say what it is the id of")
            }
            return nil
        }
        guard let kind = tree[name]?.string, kind != "account" else { return nil }
        self.init(how: how, kind: kind)
    }
}
