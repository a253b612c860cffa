/// Reads a Dictionary of RFC 8941 member by member, as far as priorities need it: integers and
/// booleans have values, everything else is checked and passed over.
struct StructuredDictionary {
    enum Value: Equatable {
        case integer(Int)
        case boolean(Bool)
        case other
    }

    struct Member {
        /// The key if it is one byte long; else 0.
        let key: UInt8
        let value: Value
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// Whether what was read is no Dictionary; then `next` has come to its end.
    private(set) var isMalformed = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        skip { $0 == 0x20 }
    }

    /// The next member; nil behind the last one.
    mutating func next() -> Member? {
        if isMalformed || position == bytes.count { return nil }
        do throws(Malformed) {
            let key = try self.key()
            let value = take("=") ? try itemOrList() : .boolean(true)
            try parameters()
            try separator()
            return Member(key: key, value: value)
        } catch {
            isMalformed = true
            return nil
        }
    }

    // MARK: Grammar

    private struct Malformed: Error {}

    private var head: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard head == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Passes over bytes and says how many.
    @discardableResult
    private mutating func skip(_ belongs: (UInt8) -> Bool) -> Int {
        let start = position
        while let byte = head, belongs(byte) { position += 1 }
        return position - start
    }

    /// A comma with a member behind it, or the end (RFC 8941 §4.2.2).
    private mutating func separator() throws(Malformed) {
        skip(Self.isSpace)
        if head == nil { return }
        guard take(",") else { throw Malformed() }
        skip(Self.isSpace)
        if head == nil { throw Malformed() }
    }

    /// §4.2.3.3
    private mutating func key() throws(Malformed) -> UInt8 {
        guard let first = head, Self.isLower(first) || first == UInt8(ascii: "*") else {
            throw Malformed()
        }
        let length = skip {
            Self.isLower($0) || Self.isDigit($0) || "_-.*".utf8.contains($0)
        }
        return length == 1 ? first : 0
    }

    private mutating func itemOrList() throws(Malformed) -> Value {
        if !take("(") { return try bareItem() }
        // §4.2.1.2
        while true {
            skip { $0 == 0x20 }
            if take(")") { return .other }
            _ = try bareItem()
            try parameters()
            guard head == 0x20 || head == UInt8(ascii: ")") else { throw Malformed() }
        }
    }

    /// §4.2.3.2
    private mutating func parameters() throws(Malformed) {
        while take(";") {
            skip { $0 == 0x20 }
            _ = try key()
            if take("=") { _ = try bareItem() }
        }
    }

    /// §4.2.3.1
    private mutating func bareItem() throws(Malformed) -> Value {
        guard let first = head else { throw Malformed() }
        switch first {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: ":"): try byteSequence()
        case UInt8(ascii: "?"): return try boolean()
        case UInt8(ascii: "*"),
            _ where Self.isLetter(first):
            skip(Self.isOfToken)
        default: throw Malformed()
        }
        return .other
    }

    /// §4.2.4: 15 digits, or 12 and 3 behind a point.
    private mutating func number() throws(Malformed) -> Value {
        let sign = take("-") ? -1 : 1
        var value = 0
        let start = position
        while let byte = head, Self.isDigit(byte), position - start <= 15 {
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            position += 1
        }
        let digits = position - start
        if digits == 0 || digits > 15 { throw Malformed() }
        if !take(".") { return .integer(sign * value) }
        let fraction = skip(Self.isDigit)
        if digits > 12 || !(1...3).contains(fraction) { throw Malformed() }
        return .other
    }

    /// §4.2.5
    private mutating func string() throws(Malformed) {
        position += 1
        while let byte = head {
            position += 1
            if byte == UInt8(ascii: "\"") { return }
            if byte < 0x20 || byte > 0x7E { throw Malformed() }
            if byte == UInt8(ascii: "\\"), !take("\""), !take("\\") { throw Malformed() }
        }
        throw Malformed()
    }

    /// §4.2.7
    private mutating func byteSequence() throws(Malformed) {
        position += 1
        skip { Self.isLetter($0) || Self.isDigit($0) || "+/=".utf8.contains($0) }
        if !take(":") { throw Malformed() }
    }

    /// §4.2.8
    private mutating func boolean() throws(Malformed) -> Value {
        position += 1
        if take("1") { return .boolean(true) }
        if take("0") { return .boolean(false) }
        throw Malformed()
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isLower(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }

    private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    private static func isOfToken(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || "!#$%&'*+-.^_`|~:/".utf8.contains(byte)
    }
}
