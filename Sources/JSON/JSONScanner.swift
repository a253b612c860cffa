import Glibc

/// A strict, unhurried walk over a JSON text that finds its first fault, and numbers that simdjson does not
/// hold as they are written. Runs only on documents known, or suspected, to have one or the other.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var depth = 0
    private let mostLevels: Int
    private var numbers = 0
    private var longNumbers: [LongNumber] = []

    /// A number that is no 64-bit integer, and whose nearest double is not its value or not what simdjson
    /// makes of it.
    struct LongNumber {
        /// How many numbers come before it in the text.
        var ordinal: Int
        var place: Range<Int>
        /// The double that is its value; infinite when there is none near, or one of `JSONValue.inexact`.
        var value: Double
    }

    /// Those numbers, in the order of the text; throws where the text stops being JSON.
    static func longNumbers(
        in bytes: UnsafeRawBufferPointer, depth: Int = Limits.depth
    ) throws(JSONFault) -> [LongNumber] {
        var scanner = JSONScanner(bytes, depth)
        do throws(Found) {
            try scanner.document()
            return scanner.longNumbers
        } catch {
            throw JSONFault(error.reason, at: error.offset, in: bytes)
        }
    }

    /// Where and why the text stops being JSON; nil when it is fine.
    static func firstFault(
        in bytes: UnsafeRawBufferPointer, depth: Int = Limits.depth
    ) -> JSONFault? {
        do throws(JSONFault) {
            _ = try longNumbers(in: bytes, depth: depth)
            return nil
        } catch {
            return error
        }
    }

    /// True when the text has an escape of the surrogate range, well paired or not.
    static func mayHoldSurrogates(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        // SAFETY: memchr stays within `rest`, a slice of the caller's bytes.
        while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress,
            let escape = memchr(start, Int32(UInt8(ascii: "\\")), rest.count)
        {
            let index = rest.startIndex + (UnsafeRawPointer(escape) - start)
            guard index + 2 < bytes.count else { return false }
            if bytes[index + 1] == UInt8(ascii: "u"), bytes[index + 2] | 0x20 == UInt8(ascii: "d") {
                return true
            }
            // Past the escaped character, which may itself be a backslash.
            rest = bytes[(index + 2)...]
        }
        return false
    }

    private struct Found: Error {
        var reason: JSONFault.Reason
        var offset: Int
    }

    private init(_ bytes: UnsafeRawBufferPointer, _ mostLevels: Int) {
        self.bytes = bytes
        self.mostLevels = mostLevels
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The fault here: a document that is over has another name than a wrong byte.
    private func unexpected() -> Found {
        Found(reason: position < bytes.count ? .unexpectedByte : .unexpectedEnd, offset: position)
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func document() throws(Found) {
        skipSpace()
        guard current != nil else { throw Found(reason: .empty, offset: position) }
        try value()
        skipSpace()
        guard current == nil else { throw Found(reason: .trailingBytes, offset: position) }
    }

    private mutating func value() throws(Found) {
        switch current {
        case UInt8(ascii: "{"): try container(closing: UInt8(ascii: "}"), named: true)
        case UInt8(ascii: "["): try container(closing: UInt8(ascii: "]"), named: false)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): try number()
        default: throw unexpected()
        }
    }

    private mutating func container(closing: UInt8, named: Bool) throws(Found) {
        depth += 1
        // simdjson counts the document itself as a level.
        guard depth < mostLevels else { throw Found(reason: .tooDeep, offset: position) }
        position += 1
        skipSpace()
        if current == closing {
            position += 1
            depth -= 1
            return
        }
        while true {
            if named {
                guard current == UInt8(ascii: "\"") else { throw unexpected() }
                try string()
                skipSpace()
                guard current == UInt8(ascii: ":") else { throw unexpected() }
                position += 1
                skipSpace()
            }
            try value()
            skipSpace()
            if current == closing { break }
            guard current == UInt8(ascii: ",") else { throw unexpected() }
            position += 1
            skipSpace()
        }
        position += 1
        depth -= 1
    }

    private mutating func word(_ text: StaticString) throws(Found) {
        for index in 0..<text.utf8CodeUnitCount {
            // SAFETY: a StaticString's bytes are constants of the program.
            guard current == text.utf8Start[index] else { throw unexpected() }
            position += 1
        }
    }

    // MARK: Numbers

    private mutating func digits() -> Int {
        let start = position
        while let byte = current, UInt8(ascii: "0") <= byte, byte <= UInt8(ascii: "9") {
            position += 1
        }
        return position - start
    }

    private mutating func number() throws(Found) {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        let leading = current
        let integerDigits = digits()
        guard integerDigits > 0, integerDigits == 1 || leading != UInt8(ascii: "0") else {
            throw Found(reason: .badNumber, offset: start)
        }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            guard digits() > 0 else { throw Found(reason: .badNumber, offset: start) }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw Found(reason: .badNumber, offset: start) }
        }
        keep(start..<position, isInteger: isInteger)
        numbers += 1
    }

    /// Notes a number that is long: most are told by their length to be held as they are.
    private mutating func keep(_ place: Range<Int>, isInteger: Bool) {
        let digits = bytes[place]
        let hasPower = !isInteger && digits.contains { $0 | 0x20 == UInt8(ascii: "e") }
        if digits.count <= (isInteger ? 18 : 15), !hasPower { return }
        let text = String(decoding: digits, as: UTF8.self)
        if isInteger, Int64(text) != nil || UInt64(text) != nil { return }
        let double = Double(text) ?? .infinity
        let isKept = DecimalValue.isKept(digits, by: double)
        if isKept && !isInteger { return }
        let value = isKept || !double.isFinite ? double : JSONValue.inexact(isInteger: isInteger)
        longNumbers.append(LongNumber(ordinal: numbers, place: place, value: value))
    }

    // MARK: Strings

    private mutating func string() throws(Found) {
        position += 1
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): try escape()
            case 0x00..<0x20: throw Found(reason: .controlCharacter, offset: position)
            case 0x20..<0x80: position += 1
            default: try encodedScalar()
            }
        }
        throw Found(reason: .unexpectedEnd, offset: position)
    }

    private mutating func escape() throws(Found) {
        let start = position
        position += 1
        guard let kind = current else { throw unexpected() }
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let first = try hexDigits(from: start)
            guard 0xD800...0xDFFF ~= first else { return }
            guard first < 0xDC00, current == UInt8(ascii: "\\"), position + 1 < bytes.count,
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw Found(reason: .loneSurrogate, offset: start) }
            position += 2
            guard 0xDC00...0xDFFF ~= (try hexDigits(from: start)) else {
                throw Found(reason: .loneSurrogate, offset: start)
            }
        default: throw Found(reason: .badEscape, offset: start)
        }
    }

    private mutating func hexDigits(from start: Int) throws(Found) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw Found(reason: .badEscape, offset: start) }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    /// One scalar of two to four bytes, refusing overlong forms and surrogates (RFC 3629).
    private mutating func encodedScalar() throws(Found) {
        let start = position
        let lead = bytes[position]
        let (length, smallestSecond, largestSecond): (Int, UInt8, UInt8) =
            switch lead {
            case 0xC2...0xDF: (2, 0x80, 0xBF)
            case 0xE0: (3, 0xA0, 0xBF)
            case 0xED: (3, 0x80, 0x9F)
            case 0xE1...0xEF: (3, 0x80, 0xBF)
            case 0xF0: (4, 0x90, 0xBF)
            case 0xF1...0xF3: (4, 0x80, 0xBF)
            case 0xF4: (4, 0x80, 0x8F)
            default: (0, 0, 0)
            }
        guard length > 0, start + length <= bytes.count,
            bytes[start + 1] >= smallestSecond, bytes[start + 1] <= largestSecond
        else { throw Found(reason: .badUTF8, offset: start) }
        for index in (start + 2)..<max(start + 2, start + length)
        where !(0x80...0xBF ~= bytes[index]) {
            throw Found(reason: .badUTF8, offset: start)
        }
        position += length
    }
}
