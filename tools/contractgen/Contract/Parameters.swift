/// The parameters of an operation, by where they stand.
struct Parameters {
    private(set) var inPath: [Endpoint.Named] = []
    private(set) var inQuery: [Endpoint.Parameter] = []
    private(set) var inFields: [Endpoint.Named] = []

    /// Reads `parameters` of an operation.
    init(
        _ operation: Tree, _ id: String, in document: Tree, _ schemas: SchemaReader
    ) throws(GeneratorFault) {
        for entry in operation["parameters"]?.elements ?? [] {
            let parameter = try Endpoint.resolve(entry, in: document)
            guard let name = parameter["name"]?.string else {
                throw GeneratorFault("\(id): a parameter without a name")
            }
            switch parameter["in"]?.string {
            case "path":
                var named = try Self.named(parameter, name, id)
                if let schema = parameter["schema"],
                    case .choice(let choice) = try schemas.shape(schema, "\(id)/\(name)")
                {
                    named.choice = choice
                }
                inPath.append(named)
            case "query": inQuery.append(try Self.queryParameter(parameter, name, id, schemas))
            case "header": inFields.append(try Self.named(parameter, name, id))
            default: throw GeneratorFault("\(id): parameter \(name) is in no place known here")
            }
        }
        guard inQuery.count <= 32 else { throw GeneratorFault("\(id): more than 32 parameters") }
    }

    private static func named(
        _ tree: Tree, _ name: String, _ id: String
    ) throws(GeneratorFault) -> Endpoint.Named {
        guard let description = tree["description"]?.string else {
            throw GeneratorFault("\(id): parameter \(name) has no description")
        }
        return Endpoint.Named(name: name, description: description)
    }

    private static func queryParameter(
        _ tree: Tree, _ name: String, _ id: String, _ schemas: SchemaReader
    ) throws(GeneratorFault) -> Endpoint.Parameter {
        guard let schema = tree["schema"], let description = tree["description"]?.string else {
            throw GeneratorFault("\(id): parameter \(name) has no schema or no description")
        }
        if ["name", "value", "faults", "seen", "reader", "page", "body"].contains(name) {
            throw GeneratorFault("\(id): the generated code has its own \(name)")
        }
        let kind: Endpoint.Parameter.Kind
        if name == "cursor" {
            kind = .cursor
        } else {
            switch try schemas.shape(schema, "\(id)?\(name)") {
            case .array(.id(_, smallest: 1), let count?, isUnique: false) where name == "ids":
                kind = .ids(count)
            case .array(let element, let count?, isUnique: false):
                guard tree["explode"] == .boolean(false) else {
                    throw GeneratorFault("\(id): \(name) needs explode: false, for commas")
                }
                kind = try Self.anyOf(element, count, name, id)
            case let shape: kind = try Self.kind(shape, name, id)
            }
        }
        return Endpoint.Parameter(
            name: name, kind: kind, isRequired: tree["required"] == .boolean(true),
            requiredUnless: tree["x-required-unless"].map {
                $0.string.map { [$0] } ?? $0.strings
            } ?? [], description: description)
    }

    private static func kind(
        _ shape: Shape, _ name: String, _ id: String
    ) throws(GeneratorFault) -> Endpoint.Parameter.Kind {
        switch shape {
        case .integer(let range): .integer(range)
        case .id(_, let smallest): smallest == 0 ? .integer(0...largestId) : .id
        case .boolean: .boolean
        case .time: .time
        case .wallTime: .wallTime
        case .month: .month
        case .string(let length?): .text(length)
        case .choice(let name): .choice(name)
        default: throw GeneratorFault("\(id): parameter \(name) is not understood")
        }
    }

    /// Of lists the generated code reads those of choices, ids and texts.
    private static func anyOf(
        _ element: Shape, _ count: ClosedRange<Int>, _ name: String, _ id: String
    ) throws(GeneratorFault) -> Endpoint.Parameter.Kind {
        let kind = try kind(element, name, id)
        switch kind {
        case .choice, .id, .text: return .anyOf(kind, count)
        default: throw GeneratorFault("\(id): parameter \(name) lists what is not understood")
        }
    }
}
