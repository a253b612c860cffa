/// Why bytes are not a JSON document this module accepts, and where.
public struct JSONFault: Error, Equatable, Sendable {
    /// The closed set of reasons.
    public enum Reason: Sendable {
        /// Nothing but white space.
        case empty
        /// The document stops in the middle of a value.
        case unexpectedEnd
        /// A byte that cannot stand here.
        case unexpectedByte
        /// Something other than white space follows the document.
        case trailingBytes
        /// A string holds a control character that is not escaped.
        case controlCharacter
        /// A backslash sequence that JSON does not have.
        case badEscape
        /// An escaped surrogate (`\ud800`…`\udfff`) without its other half.
        case loneSurrogate
        /// Bytes that are not UTF-8.
        case badUTF8
        /// Not a number as JSON writes them.
        case badNumber
        /// More levels than are read.
        case tooDeep
        /// The parser's buffers could not be allocated.
        case outOfMemory
    }

    /// What is wrong.
    public let reason: Reason
    /// The byte at which it was noticed, counted from 0.
    public let offset: Int
    /// The line of that byte, counted from 1.
    public let line: Int
    /// The byte's place in its line, counted from 1.
    public let column: Int

    init(_ reason: Reason, at offset: Int, in bytes: UnsafeRawBufferPointer) {
        self.reason = reason
        self.offset = offset
        var line = 1
        var lineStart = 0
        for index in 0..<min(offset, bytes.count) where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
        self.line = line
        self.column = offset - lineStart + 1
    }
}

extension JSONFault: CustomStringConvertible {
    /// For people: what is wrong, where, in one line.
    public var description: String { "\(phrase) at line \(line), column \(column)" }

    private var phrase: String {
        switch reason {
        case .empty: "no JSON value"
        case .unexpectedEnd: "the document ends too early"
        case .unexpectedByte: "unexpected character"
        case .trailingBytes: "unexpected content after the end of the document"
        case .controlCharacter: "control character in a string; write it as \\u00xx"
        case .badEscape: "unknown escape sequence"
        case .loneSurrogate: "half of a surrogate pair"
        case .badUTF8: "invalid UTF-8"
        case .badNumber: "malformed number"
        case .tooDeep: "too many levels of nesting"
        case .outOfMemory: "document too large for the memory at hand"
        }
    }
}
