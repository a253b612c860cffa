import JSON
import Options

/// The answer of a command: a JSON document, which `--json` prints as it is and which is otherwise
/// laid out for people. Both come from the same bytes, so a script can rely on whatever a person
/// has seen.
struct Report {
    let json: [UInt8]
    /// How the program ends after it: a report on damage is an answer too.
    var exitCode = ExitCode.success

    /// Undoes what nobody was told of, when standard output does not take the report; gives what became of that,
    /// in words.
    var retract: (() -> String)?

    /// For a command whose standard output is something else.
    static var silent: Report { Report(json: []) }

    init(json: [UInt8]) { self.json = json }

    /// Builds the document of one object.
    init(_ members: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginObject()
        members(&writer)
        writer.endObject()
        json = writer.bytes
    }

    /// Prints it to standard output.
    func print(asJSON: Bool) {
        if json.isEmpty { return }
        if asJSON {
            Swift.print(String(decoding: json, as: UTF8.self))
        } else {
            Swift.print(text, terminator: "")
        }
    }

    /// Laid out for people: a line each, every line ended.
    var text: String {
        var result = ""
        withRoot { root in
            for line in Self.lines(root, name: "") { result += line + "\n" }
        }
        return result
    }

    /// A member of the root object as text; the second name if there is no first.
    func text(_ name: StaticString, or other: StaticString) -> String? {
        var result: String?
        withRoot { root in
            guard root.kind == .object else { return }
            result = (root[name] ?? root[other]).map { Self.scalar($0) }
        }
        return result
    }

    private func withRoot(_ body: (JSONValue) -> Void) {
        let parser = JSONParser()
        json.withUnsafeBytes { bytes in
            // SAFETY: the parser copies the bytes; the value lives as long as the parser, which
            // this call keeps beyond the body.
            if let root = try? parser.parse(bytes) { body(root) }
        }
        withExtendedLifetime(parser) {}
    }

    /// Scalars become `name value`; a member of an object in an object is `outer.inner value`; an
    /// array of objects becomes one line an element, one of numbers `name number number …`, one of texts
    /// a line `name text` each. `list` says nothing: its texts stand alone.
    private static func lines(_ value: JSONValue, name: String) -> [String] {
        switch value.kind {
        case .object:
            return value.members.flatMap { member in
                let inner = String(member.name)
                return lines(member.value, name: name.isEmpty ? inner : "\(name).\(inner)")
            }
        case .array:
            let elements = Array(value.elements)
            let numbers = elements.compactMap { $0.integer }
            guard numbers.count == elements.count, !numbers.isEmpty else {
                return elements.map {
                    $0.kind == .string && name != "list" ? line(name, scalar($0)) : row($0)
                }
            }
            return [line(name, numbers.map { "\($0)" }.joined(separator: " "))]
        default:
            return [line(name, scalar(value))]
        }
    }

    private static func line(_ name: String, _ value: String) -> String {
        name + String(repeating: " ", count: max(1, Limits.reportColumn - name.count)) + value
    }

    private static func row(_ element: JSONValue) -> String {
        guard element.kind == .object else { return scalar(element) }
        return element.members.map { "\(String($0.name)) \(scalar($0.value))" }
            .joined(separator: "  ")
    }

    private static func scalar(_ value: JSONValue) -> String {
        if let text = value.string { return String(text).printable }
        if let integer = value.integer { return "\(integer)" }
        if let double = value.double { return "\(double)" }
        if let boolean = value.boolean { return boolean ? "yes" : "no" }
        return "-"
    }
}

extension String {
    /// For a terminal and for one line: control characters, which a label may have, become escapes such as
    /// `\u{1b}`.
    var printable: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            text += scalar.isControl ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return text
    }
}

extension Unicode.Scalar {
    /// Whether a terminal does something else than to draw it: C0, DEL, C1, line and paragraph
    /// separators, and what turns the direction of text.
    fileprivate var isControl: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
