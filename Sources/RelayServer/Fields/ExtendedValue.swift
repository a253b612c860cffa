import RelayContract

/// A parameter in its extended forms: `filename*=utf-8''n%C3%A4me` (RFC 8187, before it RFC 5987), or
/// in sections, `filename*0*=utf-8''n%C3%A4; filename*1=me` (RFC 2231 §3).
enum ExtendedValue {
    /// The parameter's text; nil when the field has it in neither form.
    ///
    /// - Parameter name: in lower case, without the star.
    static func read(_ name: String, of field: FieldParameters) throws(MultipartFault) -> String? {
        let prefix = Array("\(name)*".utf8)
        var sections: [Section] = []
        for parameter in field.parameters where parameter.name.starts(with: prefix) {
            let number = parameter.name.dropFirst(prefix.count)
            if number.isEmpty {
                return try text([Section(isEncoded: true, value: parameter.value)], name)
            }
            guard let section = Section(number, parameter.value) else {
                throw .badHead("\(name) has a section without a valid number (RFC 2231)")
            }
            sections.append(section)
        }
        if sections.isEmpty { return nil }
        sections.sort { $0.number < $1.number }
        guard sections.enumerated().allSatisfy({ $0.offset == $0.element.number }) else {
            throw .badHead("\(name) has sections that are not numbered 0, 1, 2 … (RFC 2231)")
        }
        return try text(sections, name)
    }

    /// A piece of the value.
    private struct Section {
        var number = 0
        /// Whether it is percent-encoded.
        let isEncoded: Bool
        let value: [UInt8]

        init(isEncoded: Bool, value: [UInt8]) {
            self.isEncoded = isEncoded
            self.value = value
        }

        /// - Parameter text: `0`, `1*`, and so on.
        init?(_ text: ArraySlice<UInt8>, _ value: [UInt8]) {
            isEncoded = text.last == UInt8(ascii: "*")
            let digits = isEncoded ? text.dropLast() : text
            guard 1...4 ~= digits.count, digits.allSatisfy({ $0 &- 48 <= 9 }),
                digits.count == 1 || digits.first != UInt8(ascii: "0")
            else { return nil }
            number = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
            self.value = value
        }
    }

    private static func text(
        _ sections: [Section], _ name: String
    ) throws(MultipartFault) -> String {
        var charset = "utf-8"
        var bytes: [UInt8] = []
        for (index, section) in sections.enumerated() {
            var value = section.value[...]
            if index == 0, section.isEncoded {
                let parts = value.split(
                    separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
                guard parts.count == 3 else { throw .badHead("\(name)* has no character set") }
                charset = String(decoding: parts[0], as: UTF8.self).lowercased()
                value = parts[2]
            }
            bytes += section.isEncoded ? try decoded(value, name) : Array(value)
        }
        switch charset {
        case "utf-8":
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .badHead("\(name)* is not UTF-8")
            }
            return text
        case "iso-8859-1":
            return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        default: throw .badHead("\(name)* is neither in UTF-8 nor in ISO-8859-1")
        }
    }

    private static func decoded(
        _ value: ArraySlice<UInt8>, _ name: String
    ) throws(MultipartFault) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2).compactMap(PercentEncoding.digit)
            guard digits.count == 2 else {
                throw .badHead("\(name)* has a percent sign without two hexadecimal digits")
            }
            bytes.append(digits[0] << 4 | digits[1])
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
