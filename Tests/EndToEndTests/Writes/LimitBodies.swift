import Glibc
import TestSupport

@testable import contractgen

/// Bodies with every member there and at its limit, made from the schemas of the contract: a limit that
/// is moved there is moved here.
struct LimitBodies {
    /// What texts are made of.
    enum Text: Int, CaseIterable {
        case ascii, wide, quotes, controls, separators

        var unit: Character {
            switch self {
            case .ascii: "a"
            case .wide: "\u{1F3E0}"
            case .quotes: "\""
            case .controls: "\u{1}"
            case .separators: "\u{2028}"
            }
        }
    }

    /// What texts are made of.
    var text = Text.ascii
    /// What members that refer to records refer to.
    var references: [String: Int] = [:]
    /// Bytes that the elements of one array may have together, so that a body stays within its limit.
    var arrayBytes = 100_000
    private let schemas: [String: Tree]
    private var number = 0

    init() throws {
        let folder = "\(#filePath)".split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
        var schemas: [String: Tree] = [:]
        let path = folder + "/proto-json/schemas"
        for name in Directory.names(in: path, ending: ".json") {
            schemas[String(name.dropLast(5))] = try Tree(
                Array(readText(path + "/" + name).utf8), file: name)
        }
        self.schemas = schemas
    }

    /// A body by a schema, as JSON; another one each time.
    mutating func body(_ schema: String) -> [UInt8] {
        Array(value(schemas[schema]!, schema).text(width: 0).utf8)
    }

    /// A text of so many characters that no other one is like.
    mutating func text(_ count: Int) -> String {
        number += 1
        let digits = "\(number)"
        return digits + String(repeating: text.unit, count: max(0, count - digits.count))
    }

    private mutating func value(_ schema: Tree, _ name: String) -> Tree {
        if let target = SchemaReader.referenced(schema) { return value(schemas[target]!, name) }
        if let reference = references[name] { return .integer(reference) }
        if let choices = schema["enum"]?.strings { return .string(choices.last!) }
        switch schema["type"]?.string {
        case "object": return object(schema)
        case "array": return array(schema, name)
        case "boolean": return .boolean(true)
        case "integer": return schema["maximum"]!
        case "number": return .double(.greatestFiniteMagnitude)
        case "string": return string(schema, name)
        default:
            // An id in either of its forms.
            number += 1
            return .integer(9_007_199_254_740_991 - number)
        }
    }

    private mutating func string(_ schema: Tree, _ name: String) -> Tree {
        switch schema["format"]?.string {
        case "date-time": return .string("9999-12-31T23:59:59.999Z")
        case "wall-time":
            return .string(name == "dateStart" ? "0001-01-01 00:00:00" : "9999-12-31 23:59:59")
        case "month": return .string("2024-12")
        default: break
        }
        if schema["pattern"] != nil {
            number += 1
            return .string("\(9_007_199_254_740_991 - number)")
        }
        return .string(text(schema["maxLength"]?.integer ?? 1))
    }

    private mutating func object(_ schema: Tree) -> Tree {
        // Of members that name the same thing in two ways only the first is wanted.
        let left = ["id", "internalPropertyId", "internalCustomerId"]
        var members: [Tree.Member] = []
        for member in schema["properties"]?.members ?? [] where !left.contains(member.name) {
            members.append(
                Tree.Member(name: member.name, value: value(member.value, member.name)))
        }
        return .object(members)
    }

    private mutating func array(_ schema: Tree, _ name: String) -> Tree {
        let first = value(schema["items"]!, name)
        if schema["uniqueItems"] == .boolean(true) { return .array([first]) }
        let room = arrayBytes / max(1, first.text(width: 0).utf8.count)
        let count = min(schema["maxItems"]?.integer ?? 1, max(1, room))
        return .array([first] + (1..<max(1, count)).map { _ in value(schema["items"]!, name) })
    }
}
