/// Generates a struct for an object schema: members, reading by the rules, writing.
struct ModelSource {
    let schema: Schema
    let object: ObjectSchema

    var source: Source {
        var source = Source(imports: ["JSON"])
        source.doc(schema.description)
        source.block(
            "public struct \(schema.name): \(removable.isEmpty ? "ContractModel" : "MergePatch")"
        ) { source in
            for member in object.members {
                source.doc(member.description)
                source.line("public var \(member.name): \(member.swiftType)")
            }
            if !removable.isEmpty {
                source.doc("The members that are to be removed: null in its JSON.")
                source.line("public var removed: Members")
            }
            source.line()
            if !removable.isEmpty { memberSet(&source) }
            initializer(&source)
        }
        source.line()
        source.line("// MARK: Reading")
        source.line()
        source.block("extension \(schema.name)") { source in
            decoder(&source)
            source.line()
            places(&source)
        }
        source.line()
        source.line("// MARK: Writing")
        source.line()
        source.block("extension \(schema.name)") { writer(&$0) }
        return source
    }

    private func initializer(_ source: inout Source) {
        source.doc("A value with those members; absent ones are left out of its JSON.")
        var parameters = object.members.map { member in
            "\(member.name): \(member.swiftType)" + (member.isRequired ? "" : " = nil")
        }
        if !removable.isEmpty { parameters.append("removed: Members = []") }
        source.list("public init(", parameters, ") {")
        source.indented { source in
            for member in object.members { source.line("self.\(member.name) = \(member.name)") }
            if !removable.isEmpty { source.line("self.removed = removed") }
        }
        source.line("}")
    }

    private var removable: [ObjectSchema.Member] { object.members.filter(\.isRemovable) }

    private func memberSet(_ source: inout Source) {
        source.doc("Members that null removes.")
        source.block("public struct Members: OptionSet, Sendable") { source in
            source.doc("A bit for each.")
            source.line("public let rawValue: UInt32")
            source.line()
            source.doc("The set with those bits.")
            source.line("public init(rawValue: UInt32) { self.rawValue = rawValue }")
            source.line()
            for (bit, member) in removable.enumerated() {
                source.doc(member.description)
                source.line(
                    "public static let \(member.name) = Members(rawValue: 1 << \(bit))")
            }
        }
        source.line()
    }

    // MARK: Reading

    private func decoder(_ source: inout Source) {
        source.doc("Reads the value and adds every fault.")
        let head = "public init?(decoding value: JSONValue, into faults: inout Faults)"
        source.block(head) { source in
            source.line("guard faults.expectObject(value) else { return nil }")
            for member in object.members {
                source.line("var \(member.name): \(member.shape.swiftType)?")
            }
            if !removable.isEmpty { source.line("var removed: Members = []") }
            source.line("var seen: UInt32 = 0")
            source.block("for member in value.members") { source in
                source.line("let place = Self.place(of: member.name)")
                source.line("guard faults.admit(member.name, place: place, seen: &seen)")
                source.line("else { continue }")
                source.line("switch place {")
                for (place, member) in object.members.enumerated() {
                    let name = place + 1 < object.members.count ? "case \(place):" : "default:"
                    source.line(name)
                    source.indented { source in
                        if object.isMergePatch { null(member, &source) }
                        source.closure(
                            "\(member.name) = faults.at(\(member.name.literal))",
                            member.shape.reading("member.value", "$0"))
                    }
                }
                source.line("}")
            }
            required(&source)
            let needed = object.members.filter(\.isRequired).map { "let \($0.name)" }
            if !needed.isEmpty {
                source.list(
                    "guard ", needed, " else { return nil }", wrapped: "else { return nil }")
            }
            for member in object.members { source.line("self.\(member.name) = \(member.name)") }
            if !removable.isEmpty { source.line("self.removed = removed") }
        }
    }

    /// What null does to a member of a merge patch.
    private func null(_ member: ObjectSchema.Member, _ source: inout Source) {
        source.block("if member.value.kind == .null") { source in
            source.line(
                member.isRemovable
                    ? "removed.insert(.\(member.name))"
                    : "faults.cannotRemove(\(member.name.literal))")
            source.line("continue")
        }
    }

    private func required(_ source: inout Source) {
        for member in object.members where member.isRequired {
            source.line("if \(absent([member.name])) { faults.missing(\(member.name.literal)) }")
        }
        if let condition = object.conditional {
            let names = condition.unless.joined(separator: " or ")
            source.comment("Required unless \(names) is there.")
            source.block("if \(absent(condition.unless))") { source in
                for name in condition.required {
                    source.line("if \(absent([name])) { faults.missing(\(name.literal)) }")
                }
            }
        }
        for group in object.alternatives {
            let names = group.joined(separator: " or ")
            source.block("if \(absent(group))") { source in
                source.list(
                    "faults.add(",
                    [".required", "member: \(group[0].literal)", "\"\(names) is missing\""], ")")
            }
        }
        if object.needsOne {
            let names = object.members.map(\.name).joined(separator: ", ")
            source.block("if seen == 0") {
                $0.list("faults.add(", [".required", "\"expected at least one of \(names)\""], ")")
            }
        }
    }

    /// True when none of those members was there.
    private func absent(_ names: [String]) -> String {
        let mask = object.members.enumerated().filter { names.contains($0.element.name) }
            .reduce(0) { $0 | 1 << $1.offset }
        return "seen & 0b\(String(mask, radix: 2)) == 0"
    }

    /// A member's number by its name: compares lengths, then bytes.
    private func places(_ source: inout Source) {
        source.comment("A member's place in the order of the schema; -1 for an unknown name.")
        source.block("private static func place(of name: JSONString) -> Int") { source in
            source.line("switch name.count {")
            let lengths = Set(object.members.map(\.name.utf8.count)).sorted()
            for length in lengths {
                source.line("case \(length):")
                source.indented { source in
                    for (place, member) in object.members.enumerated()
                    where member.name.utf8.count == length {
                        source.line("if name.matches(\(member.name.literal)) { return \(place) }")
                    }
                }
            }
            source.line("default: break")
            source.line("}")
            source.line("return -1")
        }
    }

    // MARK: Writing

    private func writer(_ source: inout Source) {
        source.doc("Writes the members in the order of the schema.")
        source.block("public func write(to writer: inout JSONWriter)") { source in
            source.line("writer.beginObject()")
            for member in object.members {
                let call = member.shape.writing(member.name)
                if member.isRemovable {
                    source.block("if removed.contains(.\(member.name))") {
                        $0.line("writer.name(\(member.name.literal))")
                        $0.line("writer.null()")
                    }
                }
                source.line(
                    member.isRequired ? call : "if let \(member.name) { \(call) }")
            }
            source.line("writer.endObject()")
        }
    }
}

extension ObjectSchema.Member {
    var swiftType: String { shape.swiftType + (isRequired ? "" : "?") }
}

extension Shape {
    var swiftType: String {
        switch self {
        case .string: "String"
        case .boolean: "Bool"
        case .integer: "Int"
        case .number: "Double"
        case .id: "UInt64"
        case .time: "Timestamp"
        case .wallTime: "WallTime"
        case .month: "CalendarMonth"
        case .choice(let name), .model(let name): name
        case .array(let element, _, _): "[\(element.swiftType)]"
        case .freeObject: "FreeObject"
        }
    }

    /// The expression that reads this shape.
    func reading(_ value: String, _ faults: String) -> String {
        switch self {
        case .string(nil): return "\(faults).string(\(value))"
        case .string(let length?): return "\(faults).string(\(value), length: \(length.text))"
        case .boolean: return "\(faults).boolean(\(value))"
        case .integer(let range): return "\(faults).integer(\(value), in: \(range.text))"
        case .number(nil, nil): return "\(faults).number(\(value))"
        case .number(let low, let high):
            let from = low?.text ?? "-Double.greatestFiniteMagnitude"
            let to = high?.text ?? "Double.greatestFiniteMagnitude"
            return "\(faults).number(\(value), in: \(from)...\(to))"
        case .id(let form, let smallest):
            let from = smallest == 1 ? "" : ", from: \(smallest)"
            return "\(faults).id(\(value), .\(form)\(from))"
        case .time: return "\(faults).time(\(value))"
        case .wallTime: return "\(faults).wallTime(\(value))"
        case .month: return "\(faults).month(\(value))"
        case .choice: return "\(faults).choice(\(value))"
        case .model(let name): return "\(name)(decoding: \(value), into: &\(faults))"
        case .array(let element, let count, let isUnique):
            let limits = count.map { ", count: \($0.text)" } ?? ""
            let call = "\(faults).\(isUnique ? "uniqueArray" : "array")(\(value)\(limits)"
            if case .model(let name) = element { return "\(call), \(name).init(decoding:into:))" }
            return "\(call)) { \(element.reading("$0", "$1")) }"
        case .freeObject(let depth):
            let limit = depth.map { ", depth: \($0)" } ?? ""
            return "\(faults).freeObject(\(value)\(limit))"
        }
    }

    /// The statement that writes a member of this shape.
    func writing(_ name: String) -> String {
        switch self {
        case .id("text", _): "writer.member(\(name.literal), digits: \(name))"
        default: "writer.member(\(name.literal), \(name))"
        }
    }
}

extension ClosedRange<Int> {
    /// As Swift writes it, long numbers in groups of three.
    var text: String { "\(lowerBound.grouped)...\(upperBound.grouped)" }
}

extension Double {
    /// As Swift writes it, whole numbers without a fraction.
    var text: String {
        Int(exactly: self).map(\.grouped) ?? description
    }
}

extension Int {
    var grouped: String {
        let digits = String(self)
        guard digits.count > 4 else { return digits }
        return digits.reversed().enumerated().reduce(into: "") { text, digit in
            if digit.offset > 0, digit.offset.isMultiple(of: 3) { text = "_" + text }
            text = String(digit.element) + text
        }
    }
}
