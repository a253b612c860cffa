import CivilTime
import JSON

/// JSON that owns its parts: what a vector's file consists of.
public indirect enum VectorTree: Sendable {
    case object([(name: String, value: VectorTree)])
    case array([VectorTree])
    case string(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case null

    init(_ value: JSONValue) {
        switch value.kind {
        case .object: self = .object(value.members.map { (String($0.name), VectorTree($0.value)) })
        case .array: self = .array(value.elements.map { VectorTree($0) })
        case .string: self = .string(String(value.string!))
        case .integer: self = .integer(value.integer!)
        case .largeInteger, .double: self = .double(value.double!)
        case .boolean: self = .boolean(value.boolean!)
        case .null: self = .null
        }
    }

    subscript(name: String) -> VectorTree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    var elements: [VectorTree] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// Whose key, where the file says so.
    var key: Vector.Key? {
        get throws {
            guard let name = self["key"]?.string else { return nil }
            guard let key = Vector.Key(rawValue: name) else {
                throw VectorFault(description: "key: \(name) is none")
            }
            return key
        }
    }

    func string(_ name: String) throws -> String {
        guard let string = self[name]?.string else {
            throw VectorFault(description: "\(name) is required")
        }
        return string
    }

    func headers() throws -> [(name: String, value: String)] {
        guard case .object(let members)? = self["headers"] else { return [] }
        return try members.map { member in
            guard let value = member.value.string else {
                throw VectorFault(description: "headers: \(member.name) is no string")
            }
            return (member.name.lowercased(), value)
        }
    }

    /// A typo in a vector must not make it weaker.
    func check(members known: Set<String>) throws {
        guard case .object(let members) = self else {
            throw VectorFault(description: "expected an object")
        }
        for member in members where !known.contains(member.name) {
            throw VectorFault(description: "\(member.name) is not part of the format")
        }
    }

    /// The value as JSON text.
    var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .object(let members):
            // The writer takes names only as constants, and a vector's are none.
            var text: [UInt8] = [UInt8(ascii: "{")]
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text += VectorTree.string(member.name).json + [UInt8(ascii: ":")]
                text += member.value.json
            }
            text.append(UInt8(ascii: "}"))
            text.withUnsafeBytes { writer.raw($0) }
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .string(let string): writer.value(string)
        case .integer(let integer): writer.value(Int(integer))
        case .double(let double): writer.value(double)
        case .boolean(let boolean): writer.value(boolean)
        case .null: writer.null()
        }
    }
}

/// What an answer must be.
public struct VectorExpectation: Sendable {
    /// The status.
    public let status: Int
    let headers: [(name: String, value: String)]
    let body: VectorTree?
    let isBodyEmpty: Bool

    init(_ tree: VectorTree) throws {
        try tree.check(members: ["status", "headers", "body", "emptyBody"])
        guard case .integer(let status)? = tree["status"] else {
            throw VectorFault(description: "expect: status is required")
        }
        self.status = Int(status)
        headers = try tree.headers()
        body = tree["body"]
        if case .boolean(true)? = tree["emptyBody"] {
            isBodyEmpty = true
        } else {
            isBodyEmpty = false
        }
    }

    /// Every way in which an answer is not the expected one, each with its place; empty when it is.
    public func differences(from answer: Vector.Answer) -> [String] {
        var found: [String] = []
        if answer.status != status {
            let text = String(decoding: answer.body.prefix(500), as: UTF8.self)
            found.append("status \(answer.status) instead of \(status): \(text)")
        }
        for header in headers {
            let value = answer[header.name].map { VectorTree.string($0) }
            Self.compare(value, .string(header.value), "field \(header.name)", &found)
        }
        return found + differences(fromBody: answer.body)
    }

    /// Every way in which a body is not the expected one.
    public func differences(fromBody bytes: [UInt8]) -> [String] {
        var found: [String] = []
        if isBodyEmpty, !bytes.isEmpty { found.append("a body where none belongs") }
        if let body {
            let tree = try? JSONParser().parse(bytes) { VectorTree($0) }
            if tree == nil { found.append("the body is not JSON") }
            if let tree { Self.compare(tree, body, "", &found) }
        }
        return found
    }

    private static func compare(
        _ value: VectorTree?, _ expected: VectorTree, _ place: String, _ found: inout [String]
    ) {
        if case .string(let text) = expected, text.hasPrefix("<<") {
            if !fits(value, text) { found.append("\(place): \(describe(value)) is not \(text)") }
            return
        }
        switch (value, expected) {
        case (.object(let members)?, .object(let wanted)):
            for member in members where !wanted.contains(where: { $0.name == member.name }) {
                found.append("\(place)/\(member.name): nothing expected here")
            }
            for member in wanted {
                let name = "\(place)/\(member.name)"
                if name == "/errors" {
                    compareFaults(value?[member.name], member.value, &found)
                } else {
                    compare(value?[member.name], member.value, name, &found)
                }
            }
        case (.array(let elements)?, .array(let wanted)) where elements.count == wanted.count:
            for (index, pair) in zip(elements, wanted).enumerated() {
                compare(pair.0, pair.1, "\(place)/\(index)", &found)
            }
        default:
            if describe(value) != describe(expected) {
                found.append("\(place): \(describe(value)) instead of \(describe(expected))")
            }
        }
    }

    /// The faults of a problem are a set: their order says nothing.
    private static func compareFaults(
        _ value: VectorTree?, _ expected: VectorTree, _ found: inout [String]
    ) {
        func names(_ tree: VectorTree?) -> [String] {
            (tree?.elements ?? []).map {
                "\($0["pointer"]?.string ?? "-") \($0["code"]?.string ?? "-")"
            }.sorted()
        }
        let (present, wanted) = (names(value), names(expected))
        if present != wanted { found.append("/errors: \(present) instead of \(wanted)") }
        for fault in value?.elements ?? [] where (fault["detail"]?.string ?? "").isEmpty {
            found.append("/errors: a fault without a detail")
        }
    }

    private static func fits(_ value: VectorTree?, _ placeholder: String) -> Bool {
        switch (placeholder, value) {
        case ("<<absent>>", let value): value == nil
        case ("<<any>>", let value): value != nil
        case ("<<integer>>", .integer?): true
        case ("<<string>>", .string(let text)?): !text.isEmpty
        case ("<<time>>", .string(let text)?):
            Timestamp(rfc3339: text).map { "\($0)" == text } ?? false
        case ("<<etag>>", .string(let text)?): text.wholeMatch(of: /"[!#-~]+"/) != nil
        case ("<<weak-etag>>", .string(let text)?): text.wholeMatch(of: /W\/"[!#-~]+"/) != nil
        case ("<<position>>", .string(let text)?):
            text.wholeMatch(of: /[0-9a-f]{16}-[0-9]+/) != nil
        case ("<<cut-position>>", .string(let text)?):
            text.wholeMatch(of: /[0-9a-f]{16}-[0-9]+\.[0-9]+/) != nil
        default: false
        }
    }

    private static func describe(_ value: VectorTree?) -> String {
        value.map { String(decoding: $0.json, as: UTF8.self) } ?? "nothing"
    }
}
