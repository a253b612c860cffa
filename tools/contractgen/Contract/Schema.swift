/// One file of proto-json/schemas, as far as Swift needs to know it.
struct Schema {
    enum Kind {
        /// A struct.
        case object(ObjectSchema)
        /// An enum, or a set of codes.
        case choice([String])
        /// Only a name for a shape: an id, a time, a model that another schema describes as well (`x-swift`).
        case scalar(Shape)
        /// An array at the top: nothing to generate, the handlers stream it.
        case list
        /// Written by hand in RelayContract.
        case handWritten
    }

    let name: String
    let description: String
    let kind: Kind
}

/// A JSON object with known members.
struct ObjectSchema {
    struct Member {
        let name: String
        let description: String
        let shape: Shape
        let isRequired: Bool
        /// What it says of another record; nil when it is no reference.
        let reference: Reference?
        /// Whether null removes it: of a merge patch, a member that the record may lack.
        let isRemovable: Bool
    }

    /// A member that names a record: `x-refers-to`, `x-updates` (the record that the object is to change) or
    /// `x-names` (by an id of the client's), each with the kind of record.
    struct Reference {
        let how: String
        let kind: String
    }

    let members: [Member]
    /// Required unless one of `unless` is there: JSON Schema's `if`/`else`.
    let conditional: Condition?
    /// Groups of members of which at least one is required: JSON Schema's `allOf` of `anyOf`.
    let alternatives: [[String]]
    /// minProperties: at least one member.
    let needsOne: Bool
    /// Whether it is a merge patch (RFC 7396): null is no value, it removes.
    let isMergePatch: Bool

    struct Condition {
        let unless: [String]
        let required: [String]
    }
}

/// What a value looks like, and by which rules it is read.
indirect enum Shape {
    case string(ClosedRange<Int>?)
    case boolean
    case integer(ClosedRange<Int>)
    /// Any number; a bound that is nil is that of a finite double.
    case number(low: Double?, high: Double?)
    case id(form: String, smallest: Int)
    case time
    case wallTime
    case month
    case choice(String)
    case model(String)
    case array(Shape, ClosedRange<Int>?, isUnique: Bool)
    /// An object whose members are the client's own affair: kept as its JSON. Levels of nesting, if they are
    /// limited.
    case freeObject(depth: Int?)
}

/// The largest id, which is how the generator tells ids from other integers.
let largestId = 9_007_199_254_740_991

/// Reads schemas, looking through references.
struct SchemaReader {
    /// The files by name.
    let trees: [String: Tree]

    func schema(_ name: String) throws(GeneratorFault) -> Schema {
        guard let tree = trees[name] else { throw GeneratorFault("no schema \(name)") }
        guard tree["title"]?.string == name, let description = tree["description"]?.string else {
            throw GeneratorFault("\(name): title must be the file's name, and a description there")
        }
        return Schema(name: name, description: description, kind: try kind(tree, name))
    }

    private func kind(_ tree: Tree, _ name: String) throws(GeneratorFault) -> Schema.Kind {
        if tree["x-swift"]?.string == "hand-written" { return .handWritten }
        if let model = tree["x-swift"]?.string {
            return .scalar(.model(try twin(of: model, tree, name)))
        }
        if let choices = tree["enum"] { return .choice(choices.strings) }
        switch tree["type"]?.string {
        case "object": return .object(try object(tree, name))
        case "array": return .list
        default: return .scalar(try shape(tree, name))
        }
    }

    private func object(_ tree: Tree, _ name: String) throws(GeneratorFault) -> ObjectSchema {
        try allow(
            tree, name,
            [
                "$schema", "title", "description", "type", "properties", "required",
                "additionalProperties", "minProperties", "if", "else", "allOf", "examples",
                "x-merge-patch", "x-required", "x-swift",
            ])
        guard tree["additionalProperties"] == .boolean(false) else {
            throw GeneratorFault("\(name): additionalProperties must be false")
        }
        // x-required: members that every answer has but that to a dry run, which no model is read from.
        let required = (tree["required"]?.strings ?? []) + (tree["x-required"]?.strings ?? [])
        let isMergePatch = tree["x-merge-patch"] == .boolean(true)
        var members: [ObjectSchema.Member] = []
        for member in tree["properties"]?.members ?? [] {
            let place = "\(name).\(member.name)"
            if ["member", "value", "faults", "seen", "place", "writer"].contains(member.name) {
                throw GeneratorFault("\(place): the generated code has its own \(member.name)")
            }
            let removable = Self.withoutNull(member.value)
            guard removable == nil || isMergePatch else {
                throw GeneratorFault("\(place): null is for members of a merge patch")
            }
            let value = removable ?? member.value
            members.append(
                ObjectSchema.Member(
                    name: member.name, description: try description(value, place),
                    shape: try shape(value, place), isRequired: required.contains(member.name),
                    reference: try ObjectSchema.Reference(value, place),
                    isRemovable: removable != nil))
        }
        guard members.count <= 32 else {
            throw GeneratorFault("\(name): more members than a 32-bit mask has bits")
        }
        let minimum = tree["minProperties"]?.integer ?? 0
        guard minimum <= 1 else { throw GeneratorFault("\(name): minProperties beyond 1") }
        return ObjectSchema(
            members: members, conditional: try condition(tree, name),
            alternatives: try alternatives(tree, name), needsOne: minimum == 1,
            isMergePatch: isMergePatch)
    }

    /// The model that Swift reads such an object as: `x-swift`. Its members must be those of the model.
    private func twin(
        of model: String, _ tree: Tree, _ name: String
    ) throws(GeneratorFault) -> String {
        guard let original = trees[model], original["x-swift"] == nil else {
            throw GeneratorFault("\(name): x-swift names no schema with a model: \(model)")
        }
        let members = try object(tree, name).members.map { "\($0.name): \($0.swiftType)" }
        guard try object(original, model).members.map({ "\($0.name): \($0.swiftType)" }) == members
        else { throw GeneratorFault("\(name): x-swift asks for the members of \(model)") }
        return model
    }

    /// What a member takes beside null: of `"type": [T, "null"]`, and of `"anyOf": [X, {"type": "null"}]`; nil for
    /// one that takes no null.
    private static func withoutNull(_ tree: Tree) -> Tree? {
        if case .array(let types) = tree["type"], types.last == .string("null") {
            let others = Array(types.dropLast())
            let type = others.count == 1 ? others[0] : .array(others)
            return .object(
                tree.members.map {
                    $0.name == "type" ? Tree.Member(name: "type", value: type) : $0
                })
        }
        let null = Tree.object([Tree.Member(name: "type", value: .string("null"))])
        guard let choices = tree["anyOf"]?.elements, choices.count == 2, choices[1] == null
        else { return nil }
        let own = tree.members.filter { $0.name != "anyOf" }
        return .object(
            own + choices[0].members.filter { inner in !own.contains { $0.name == inner.name } })
    }

    /// `"allOf": [{"anyOf": [{"required": [a]}, {"required": [b]}]}, …]`: of each group one at least.
    private func alternatives(_ tree: Tree, _ name: String) throws(GeneratorFault) -> [[String]] {
        var groups: [[String]] = []
        for group in tree["allOf"]?.elements ?? [] {
            let choices = group["anyOf"]?.elements ?? []
            let names = choices.compactMap { $0["required"]?.strings }
            guard group.members.count == 1, names.count == choices.count, !names.isEmpty,
                names.allSatisfy({ $0.count == 1 })
            else { throw GeneratorFault("\(name): an allOf of another form") }
            groups.append(names.flatMap(\.self))
        }
        return groups
    }

    /// `"if": {"required": [a]}` or `"if": {"anyOf": [{"required": [a]}, …]}` with `"else": {"required": …}`.
    private func condition(
        _ tree: Tree, _ name: String
    ) throws(GeneratorFault) -> ObjectSchema.Condition? {
        guard let condition = tree["if"] else { return nil }
        let alternatives = condition["anyOf"]?.elements ?? [condition]
        let unless = alternatives.compactMap { $0["required"]?.strings }
        guard let required = tree["else"]?["required"]?.strings,
            unless.count == alternatives.count, unless.allSatisfy({ $0.count == 1 })
        else { throw GeneratorFault("\(name): an if/else of another form") }
        return ObjectSchema.Condition(unless: unless.flatMap(\.self), required: required)
    }

    private func description(_ tree: Tree, _ place: String) throws(GeneratorFault) -> String {
        if let description = tree["description"]?.string { return description }
        if let name = Self.referenced(tree), let target = trees[name]?["description"]?.string {
            return target
        }
        throw GeneratorFault("\(place): no description")
    }

    /// The schema that a `$ref` names: `Order.json`, `schemas/Order.json`.
    static func referenced(_ tree: Tree) -> String? {
        guard let reference = tree["$ref"]?.string, reference.hasSuffix(".json"),
            let name = reference.split(separator: "/").last
        else { return nil }
        return String(name.dropLast(".json".count))
    }

    // MARK: Shapes

    /// A rule that is not known here must not be dropped silently.
    func allow(
        _ tree: Tree, _ place: String, _ known: [String]
    ) throws(GeneratorFault) {
        for member in tree.members where !known.contains(member.name) {
            throw GeneratorFault("\(place): \(member.name) is not understood")
        }
    }

    func shape(_ tree: Tree, _ place: String) throws(GeneratorFault) -> Shape {
        if let name = Self.referenced(tree) {
            let target = try schema(name)
            switch target.kind {
            case .object, .handWritten: return .model(name)
            case .choice: return .choice(name)
            case .scalar(let shape): return shape
            case .list: throw GeneratorFault("\(place): cannot refer to \(name)")
            }
        }
        let notes = ["$schema", "title", "description", "examples", "type", "x-names"]
        if tree["type"]?.strings == ["integer", "string"] {
            try allow(tree, place, notes + ["minimum", "maximum", "pattern"])
            return .id(form: "either", smallest: tree["minimum"]?.integer ?? 0)
        }
        switch tree["type"]?.string {
        case "string": return try string(tree, place, notes)
        case "boolean":
            try allow(tree, place, notes)
            return .boolean
        case "integer":
            try allow(tree, place, notes + ["minimum", "maximum", "format"])
            guard let low = tree["minimum"]?.integer, let high = tree["maximum"]?.integer else {
                throw GeneratorFault("\(place): an integer needs minimum and maximum")
            }
            // Generators of clients take 32 bits unless the format says otherwise.
            guard (high > Int32.max) == (tree["format"]?.string == "int64") else {
                throw GeneratorFault("\(place): an integer of 64 bits, and no other, is int64")
            }
            return high == largestId ? .id(form: "number", smallest: low) : .integer(low...high)
        case "number":
            try allow(tree, place, notes + ["minimum", "maximum"])
            return .number(low: tree["minimum"]?.double, high: tree["maximum"]?.double)
        case "array": return try array(tree, place, notes)
        case "object":
            try allow(tree, place, notes + ["additionalProperties", "x-max-depth"])
            guard tree["additionalProperties"] == .boolean(true) else {
                throw GeneratorFault("\(place): an object with known members needs its own file")
            }
            return .freeObject(depth: tree["x-max-depth"]?.integer)
        default: throw GeneratorFault("\(place): a type that is not understood")
        }
    }
}
