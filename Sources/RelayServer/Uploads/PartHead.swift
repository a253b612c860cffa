/// The fields of one part of a form (RFC 7578 §4).
struct PartHead {
    /// The form field's name.
    let name: String
    /// The file's name, if the part is a file; percent-decoded when it came as `filename*`.
    let fileName: String?
    /// The media type, if it is said.
    let contentType: String?

    /// Reads fields that end with an empty line. Those that no form has a use for are ignored.
    init(_ bytes: [UInt8]) throws(MultipartFault) {
        var disposition: [UInt8]?
        var type: [UInt8]?
        for line in Self.lines(bytes) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line.first != 32, line.first != 9
            else { throw .badHead("a line is no field") }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = Array(line[(colon + 1)...]).trimmed
            guard value.allSatisfy({ ($0 >= 0x20 || $0 == 9) && $0 != 0x7F }) else {
                throw .badHead("\(name) has control characters")
            }
            switch name {
            case "content-disposition":
                if disposition != nil { throw .badHead("Content-Disposition is there twice") }
                disposition = value
            case "content-type":
                if type != nil { throw .badHead("Content-Type is there twice") }
                type = value
            case "content-transfer-encoding": try Self.checkEncoding(value)
            default: break
            }
        }
        guard let disposition else { throw .badHead("Content-Disposition is missing") }
        // SAFETY: the parameters are copied while the array is there.
        let field = disposition.withUnsafeBytes { FieldParameters($0) }
        guard field.value.lowercased == Array("form-data".utf8), let name = field["name"] else {
            throw .badHead("Content-Disposition is no `form-data` with a name")
        }
        self.name = try Self.text(name, "name")
        fileName = try Self.fileName(field)
        contentType = try type.map { (type) throws(MultipartFault) in
            try Self.text(type, "Content-Type")
        }
    }

    private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for index in bytes.indices.dropFirst() where bytes[index] == 10 && bytes[index - 1] == 13 {
            if index - 1 > start { lines.append(bytes[start..<index - 1]) }
            start = index + 1
        }
        return lines
    }

    /// Only what leaves the bytes as they are: RFC 7578 §4.7 has done away with the others.
    private static func checkEncoding(_ value: [UInt8]) throws(MultipartFault) {
        let known = ["binary", "8bit", "7bit"].contains { value.lowercased == Array($0.utf8) }
        if !known { throw .badHead("send parts without a Content-Transfer-Encoding") }
    }

    /// `filename*` (RFC 8187) says more than `filename`, so it counts where both are there.
    private static func fileName(_ field: FieldParameters) throws(MultipartFault) -> String? {
        guard let extended = field["filename*"] else {
            return try field["filename"].map { (name) throws(MultipartFault) in
                try text(name, "filename")
            }
        }
        let parts = extended.split(
            separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .badHead("filename* has no character set") }
        var decoded: [UInt8] = []
        var rest = parts[2]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let pair = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.count >= 2
            else { throw .badHead("filename* has a percent sign without two digits") }
            decoded.append(pair)
            rest = rest.dropFirst(2)
        }
        switch String(decoding: parts[0], as: UTF8.self).lowercased() {
        case "utf-8": return try text(decoded, "filename*")
        case "iso-8859-1":
            return String(String.UnicodeScalarView(decoded.map { Unicode.Scalar($0) }))
        default: throw .badHead("filename* is neither in UTF-8 nor in ISO-8859-1")
        }
    }

    private static func text(_ bytes: [UInt8], _ what: String) throws(MultipartFault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badHead("\(what) is not UTF-8")
        }
        return text
    }
}

/// A field's value with parameters: `form-data; name="text"` (RFC 9110 §5.6.6).
struct FieldParameters {
    /// What stands before the first semicolon.
    let value: [UInt8]
    private var parameters: [(name: [UInt8], value: [UInt8])] = []

    /// Reads a field; parameters that are malformed are left out.
    init(_ field: UnsafeRawBufferPointer) {
        let end = field.firstIndex(of: UInt8(ascii: ";")) ?? field.endIndex
        value = Array(field[..<end]).trimmed
        var rest = field[end...]
        while rest.popFirst() == UInt8(ascii: ";") {
            let name = Array(rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") })
            rest = rest.dropFirst(name.count)
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst().drop { $0 == 32 || $0 == 9 }
            if rest.first == UInt8(ascii: "\"") {
                parameters.append((name.trimmed.lowercased, Self.quoted(&rest)))
                rest = rest.drop { $0 != UInt8(ascii: ";") }
            } else {
                let token = Array(rest.prefix { $0 != UInt8(ascii: ";") })
                rest = rest.dropFirst(token.count)
                parameters.append((name.trimmed.lowercased, token.trimmed))
            }
        }
    }

    /// The first parameter of a name, which is in lower case.
    subscript(name: StaticString) -> [UInt8]? {
        parameters.first { $0.name == Array("\(name)".utf8) }?.value
    }

    /// Takes a quoted string. A backslash escapes quotes and itself only: in others' names it is
    /// the separator of a path.
    private static func quoted(_ rest: inout Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        rest = rest.dropFirst()
        var text: [UInt8] = []
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\"), let next = rest.first,
                next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\")
            {
                text.append(next)
                rest = rest.dropFirst()
            } else {
                text.append(byte)
            }
        }
        return text
    }
}

extension [UInt8] {
    /// Without space and tabs at the ends.
    fileprivate var trimmed: [UInt8] {
        let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        return Array(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    /// ASCII letters in lower case.
    fileprivate var lowercased: [UInt8] { map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 } }
}
