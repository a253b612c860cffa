import JSON

/// A JSON value that owns its parts and keeps its members in order: what the generator walks and rewrites.
indirect enum Tree: Equatable {
    case object([Member])
    case array([Tree])
    case string(String)
    case integer(Int)
    case double(Double)
    case boolean(Bool)
    case null

    struct Member: Equatable {
        var name: String
        var value: Tree
    }

    init(_ value: JSONValue) {
        switch value.kind {
        case .object:
            self = .object(
                value.members.map { Member(name: String($0.name), value: Tree($0.value)) })
        case .array: self = .array(value.elements.map { Tree($0) })
        case .string: self = .string(String(value.string!))
        case .integer: self = .integer(Int(value.integer!))
        case .largeInteger, .double: self = .double(value.double!)
        case .boolean: self = .boolean(value.boolean!)
        case .null: self = .null
        }
    }

    /// Parses a text; the fault names the file.
    init(_ text: [UInt8], file: String) throws(GeneratorFault) {
        do throws(JSONFault) {
            self = try JSONParser().parse(text) { Tree($0) }
        } catch {
            throw GeneratorFault("\(file): \(error)")
        }
    }

    subscript(name: String) -> Tree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    var elements: [Tree] {
        if case .array(let elements) = self { elements } else { [] }
    }

    var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    var integer: Int? {
        if case .integer(let integer) = self { integer } else { nil }
    }

    /// Any number.
    var double: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .double(let double): double
        default: nil
        }
    }

    /// The strings of an array, such as `required`.
    var strings: [String] { elements.compactMap(\.string) }
}

// MARK: Text

extension Tree {
    /// JSON text as people like to read it: whatever fits goes on one line.
    func text(width: Int = 100) -> String {
        var text = ""
        append(to: &text, indent: 0, column: 0, width: width)
        return text + "\n"
    }

    /// The value on one line.
    private var oneLine: String {
        switch self {
        case .object(let members):
            "{"
                + members.map { "\(Self.quoted($0.name)): \($0.value.oneLine)" }
                .joined(separator: ", ") + "}"
        case .array(let elements): "[" + elements.map(\.oneLine).joined(separator: ", ") + "]"
        case .string(let string): Self.quoted(string)
        case .integer(let integer): "\(integer)"
        case .double(let double): "\(double)"
        case .boolean(let boolean): "\(boolean)"
        case .null: "null"
        }
    }

    private func append(to text: inout String, indent: Int, column: Int, width: Int) {
        let line = oneLine
        let space = String(repeating: " ", count: indent + 2)
        if column + line.count <= width || members.isEmpty && elements.isEmpty {
            text += line
            return
        }
        let isObject = elements.isEmpty
        text += isObject ? "{\n" : "[\n"
        let parts = isObject ? members.map(\.value) : elements
        for (index, part) in parts.enumerated() {
            let lead = space + (isObject ? "\(Self.quoted(members[index].name)): " : "")
            text += lead
            part.append(to: &text, indent: indent + 2, column: lead.count + 1, width: width)
            text += index + 1 < parts.count ? ",\n" : "\n"
        }
        text += String(repeating: " ", count: indent) + (isObject ? "}" : "]")
    }

    private static func quoted(_ string: String) -> String {
        var writer = JSONWriter()
        writer.value(string)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
