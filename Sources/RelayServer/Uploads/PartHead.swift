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
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
                MediaType.isToken(line[..<colon])
            else {
                throw .badHead(
                    "a line is not a header field: expected a name followed directly by a colon")
            }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = Array(line[(colon + 1)...]).trimmed
            guard value.allSatisfy({ ($0 >= 0x20 || $0 == 9) && $0 != 0x7F }) else {
                throw .badHead("\(name) has control characters")
            }
            switch name {
            case "content-disposition":
                if disposition != nil {
                    throw .badHead("Content-Disposition occurs twice: send it once")
                }
                disposition = value
            case "content-type":
                if type != nil { throw .badHead("Content-Type occurs twice: send it once") }
                type = value
            case "content-transfer-encoding": try Self.checkEncoding(value)
            default: break
            }
        }
        guard let disposition else { throw .badHead("Content-Disposition is missing") }
        // SAFETY: the parameters are copied while the array is there.
        let field = disposition.withUnsafeBytes { FieldParameters($0) }
        guard field.value.lowercased == Array("form-data".utf8), let name = field["name"] else {
            throw .badHead("Content-Disposition is wrong: expected `form-data` with a name")
        }
        try Self.checkParameters(field, "Content-Disposition")
        self.name = try Self.text(Self.unescaped(name), "name")
        fileName = try Self.fileName(field)
        contentType = try type.map { (type) throws(MultipartFault) in
            // SAFETY: as above.
            try Self.checkParameters(type.withUnsafeBytes { FieldParameters($0) }, "Content-Type")
            return try Self.text(type, "Content-Type")
        }
    }

    /// Two readers may take a different one of two parameters: a name that is checked and another
    /// that is used.
    private static func checkParameters(
        _ field: FieldParameters, _ name: StaticString
    ) throws(MultipartFault) {
        if let repeated = field.repeatedName { throw .badHead("\(name) has two \(repeated)") }
        if field.isMalformed { throw .badHead("\(name) has a quoted string without its end") }
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
        if !known {
            throw .badHead("Content-Transfer-Encoding is not supported: send the part without it")
        }
    }

    /// `filename*` says more than `filename`, so it counts where both are there.
    private static func fileName(_ field: FieldParameters) throws(MultipartFault) -> String? {
        if let extended = try ExtendedValue.read("filename", of: field) { return extended }
        return try field["filename"].map { (name) throws(MultipartFault) in
            try text(unescaped(name), "filename")
        }
    }

    /// A name as browsers write it: quotes, CR and LF as `%22`, `%0D` and `%0A`, and no other
    /// character so, not even the percent sign (WHATWG HTML, multipart/form-data encoding).
    private static func unescaped(_ name: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = name[...]
        while let byte = rest.first {
            let known = [("%22", UInt8(0x22)), ("%0D", 13), ("%0A", 10)].first {
                rest.starts(with: $0.0.utf8)
            }
            bytes.append(known?.1 ?? byte)
            rest = rest.dropFirst(known == nil ? 1 : 3)
        }
        return bytes
    }

    private static func text(_ bytes: [UInt8], _ what: String) throws(MultipartFault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badHead("\(what) is not UTF-8")
        }
        return text
    }
}
