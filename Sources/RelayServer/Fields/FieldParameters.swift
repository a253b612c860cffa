/// A field's value with parameters: `form-data; name="text"` (RFC 9110 §5.6.6).
struct FieldParameters {
    /// What stands before the first semicolon.
    let value: [UInt8]
    /// In their order, names in lower case.
    private(set) var parameters: [(name: [UInt8], value: [UInt8])] = []
    /// Whether a quoted string has no end, or something behind it.
    private(set) var isMalformed = false

    /// Reads a field; what has no equals sign is left out.
    init(_ field: UnsafeRawBufferPointer) {
        let end = field.firstIndex(of: UInt8(ascii: ";")) ?? field.endIndex
        value = Array(field[..<end]).trimmed
        var rest = field[end...]
        while rest.popFirst() == UInt8(ascii: ";") {
            let name = Array(rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") })
            rest = rest.dropFirst(name.count)
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst().drop { $0 == 32 || $0 == 9 }
            var value: [UInt8]
            if rest.first == UInt8(ascii: "\"") {
                value = quoted(&rest)
            } else {
                value = Array(rest.prefix { $0 != UInt8(ascii: ";") })
                rest = rest.dropFirst(value.count)
                value = value.trimmed
            }
            parameters.append((name.trimmed.lowercased, value))
        }
    }

    /// The first parameter of a name, which is in lower case.
    subscript(name: StaticString) -> [UInt8]? { all(name).first }

    /// Every parameter of a name.
    func all(_ name: StaticString) -> [[UInt8]] {
        let name = Array("\(name)".utf8)
        return parameters.filter { $0.name == name }.map(\.value)
    }

    /// A name that is there twice, so that two readers may see different values.
    var repeatedName: String? {
        for (index, parameter) in parameters.enumerated()
        where parameters[..<index].contains(where: { $0.name == parameter.name }) {
            return String(decoding: parameter.name, as: UTF8.self)
        }
        return nil
    }

    /// Takes a quoted string. A backslash escapes quotes and itself only: in others' names it is
    /// the separator of a path.
    private mutating func quoted(_ rest: inout Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        rest = rest.dropFirst()
        var text: [UInt8] = []
        var isClosed = false
        while !isClosed, let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let next = rest.first,
                next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\")
            {
                text.append(next)
                rest = rest.dropFirst()
            } else if byte == UInt8(ascii: "\"") {
                isClosed = true
            } else {
                text.append(byte)
            }
        }
        let tail = rest.prefix { $0 != UInt8(ascii: ";") }
        if !isClosed || !Array(tail).trimmed.isEmpty { isMalformed = true }
        rest = rest.dropFirst(tail.count)
        return text
    }
}

extension [UInt8] {
    /// Without space and tabs at the ends.
    var trimmed: [UInt8] {
        let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        return Array(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    /// ASCII letters in lower case.
    var lowercased: [UInt8] { map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 } }
}
