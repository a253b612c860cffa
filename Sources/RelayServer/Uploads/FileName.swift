import RelayContract

/// A file's name as a client sent it, without any path.
struct FileName {
    /// The name: 1…255 characters, none of them a control character.
    let text: String

    /// What is wrong with a name.
    enum Fault: Error {
        case empty, tooLong, control, dots

        /// For people.
        var detail: String {
            switch self {
            case .empty: "the file name ends after a path: expected a name"
            case .tooLong:
                "the file name is too long: expected at most \(Limits.fileNameCharacters) "
                    + "characters"
            case .control: "the file name has control characters: leave them out"
            case .dots: "`.` and `..` are names of directories: expected the name of a file"
            }
        }
    }

    /// Keeps what stands behind the last slash or backslash: some browsers sent whole paths.
    init(_ sent: String) throws(Fault) {
        let name = sent.unicodeScalars.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "/" || $0 == "\\" })
        guard let last = name.last, !last.isEmpty else { throw .empty }
        if last.elementsEqual(".".unicodeScalars) || last.elementsEqual("..".unicodeScalars) {
            throw .dots
        }
        if last.count > Limits.fileNameCharacters { throw .tooLong }
        if last.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            throw .control
        }
        text = String(String.UnicodeScalarView(last))
    }

    /// `attachment; filename="…"; filename*=UTF-8''…` (RFC 6266, RFC 8187): the plain form for old
    /// clients, with an underscore for all that could end the quotes or is not ASCII.
    static func disposition(_ name: String) -> [UInt8] {
        var value = Array("attachment; filename=\"".utf8)
        for scalar in name.unicodeScalars {
            let isPlain =
                (0x20...0x7E).contains(scalar.value)
                && scalar != "\"" && scalar != "\\" && scalar != "%"
            value.append(isPlain ? UInt8(scalar.value) : UInt8(ascii: "_"))
        }
        value += "\"; filename*=UTF-8''".utf8
        for byte in name.utf8 {
            if isUnescaped(byte) {
                value.append(byte)
            } else {
                let (high, low) = PercentEncoding.digits(of: byte)
                value += [UInt8(ascii: "%"), high, low]
            }
        }
        return value
    }

    /// attr-char of RFC 8187.
    private static func isUnescaped(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$&+-.^_`|~".utf8.contains(byte)
        }
    }
}
