/// One value of a parsed document: a place on simdjson's tape, three words without an owner.
///
/// The tape has one 64-bit word per token: a type letter in the top byte and a payload below it. An integer or
/// double is followed by a word with its bits; `{` and `[` carry the index after their end; a string carries its
/// offset in the string buffer, where four bytes of length precede it.
///
/// Lifetime: valid until its parser's next `parse`.
@frozen
public struct JSONValue {
    /// The types of JSON, with numbers told apart by what holds them.
    @frozen
    public enum Kind: Sendable {
        /// Members in the order of the text.
        case object
        /// Elements.
        case array
        /// Unescaped UTF-8.
        case string
        /// Fits Int64.
        case integer
        /// An integer from 2⁶³ on, or any number that not even a double holds: never rounded, and beyond
        /// every range of the contract.
        case largeInteger
        /// Written with a fraction or an exponent, or an integer beyond 64 bits that a double is.
        case double
        /// true or false.
        case boolean
        /// null.
        case null
    }

    @usableFromInline let tape: UnsafePointer<UInt64>
    @usableFromInline let strings: UnsafePointer<UInt8>
    @usableFromInline let index: Int

    @inlinable
    init(tape: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, index: Int) {
        self.tape = tape
        self.strings = strings
        self.index = index
    }

    // SAFETY (all reads of this type): index is inside the tape, because it comes from the root or from a
    // neighbour's end; the parser that owns tape and strings is alive by the contract above.

    @inlinable
    var letter: UInt8 { UInt8(truncatingIfNeeded: tape[index] >> 56) }

    @inlinable
    var payload: Int { Int(truncatingIfNeeded: tape[index] & 0x00FF_FFFF_FFFF_FFFF) }

    /// What this value is.
    @inlinable
    public var kind: Kind {
        switch letter {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "l"): .integer
        case UInt8(ascii: "u"): .largeInteger
        case UInt8(ascii: "d"): isLargeInteger ? .largeInteger : .double
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        default: .null
        }
    }

    /// The string, or nil when this is none.
    @inlinable
    public var string: JSONString? {
        letter == UInt8(ascii: "\"") ? text : nil
    }

    @inlinable
    var text: JSONString {
        let start = strings + payload
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return JSONString(bytes: UnsafeBufferPointer(start: start + 4, count: Int(count)))
    }

    /// An exact integer, or nil. `1.0` and `1e3` are integers as JSON Schema sees them; beyond ±2⁵³ a double no
    /// longer tells neighbours apart, so those are none.
    @inlinable
    public var integer: Int64? {
        switch letter {
        case UInt8(ascii: "l"): return Int64(bitPattern: tape[index + 1])
        case UInt8(ascii: "d"):
            let double = Double(bitPattern: tape[index + 1])
            guard double.magnitude <= 0x1p53 else { return nil }
            return Int64(exactly: double)
        default: return nil
        }
    }

    /// An integer beyond Int64, or nil.
    @inlinable
    public var largeInteger: UInt64? {
        letter == UInt8(ascii: "u") ? tape[index + 1] : nil
    }

    /// Whether this is a number beyond every double.
    @inlinable
    public var isInfinite: Bool {
        letter == UInt8(ascii: "d") && Double(bitPattern: tape[index + 1]).isInfinite
    }

    /// Whether this is a number that neither a 64-bit integer nor a double is: 2e-324, or one with more digits
    /// than a double's shortest form has. Its `double` is not a number.
    @inlinable
    public var isInexact: Bool {
        letter == UInt8(ascii: "d") && Double(bitPattern: tape[index + 1]).isNaN
    }

    /// In place of a number that no value is.
    static func inexact(isInteger: Bool) -> Double {
        Double(nan: isInteger ? 1 : 0, signaling: false)
    }

    @inlinable
    var isLargeInteger: Bool {
        isInfinite || isInexact && tape[index + 1] & 1 != 0
    }

    /// Any number, rounded to the nearest double where it is an integer beyond 2⁵³; infinite if there is none
    /// near, and not a number if it is inexact.
    @inlinable
    public var double: Double? {
        switch letter {
        case UInt8(ascii: "l"): Double(Int64(bitPattern: tape[index + 1]))
        case UInt8(ascii: "u"): Double(tape[index + 1])
        case UInt8(ascii: "d"): Double(bitPattern: tape[index + 1])
        default: nil
        }
    }

    /// A number that comes back as it was sent when it is kept as a double and written in its shortest form;
    /// nil for any other, and for one beyond every double.
    public var keptDouble: Double? {
        guard let double, double.isFinite else { return nil }
        if letter == UInt8(ascii: "d") || double.magnitude < 0x1p53 { return double }
        let text = largeInteger.map { "\($0)" } ?? integer.map { "\($0)" } ?? ""
        return DecimalValue.isKept(text.utf8, by: double) ? double : nil
    }

    /// true, false, or nil when this is neither.
    @inlinable
    public var boolean: Bool? {
        switch letter {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// The members of an object in the order of the text, duplicates included; none when this is no object.
    @inlinable
    public var members: JSONMembers {
        letter == UInt8(ascii: "{")
            ? JSONMembers(first: child, end: containerEnd) : JSONMembers(first: self, end: index)
    }

    /// The elements of an array; none when this is no array.
    @inlinable
    public var elements: JSONElements {
        letter == UInt8(ascii: "[")
            ? JSONElements(first: child, end: containerEnd) : JSONElements(first: self, end: index)
    }

    /// The first member of that name.
    public subscript(name: StaticString) -> JSONValue? {
        for member in members where member.name.matches(name) { return member.value }
        return nil
    }

    // MARK: Walking the tape

    @inlinable
    var child: JSONValue { JSONValue(tape: tape, strings: strings, index: index + 1) }

    /// The index of a container's closing word: the payload's low half is the index after it.
    @inlinable
    var containerEnd: Int { (payload & 0xFFFF_FFFF) - 1 }

    /// The value after this one.
    @inlinable
    var next: JSONValue {
        let following: Int =
            switch letter {
            case UInt8(ascii: "{"), UInt8(ascii: "["): payload & 0xFFFF_FFFF
            case UInt8(ascii: "l"), UInt8(ascii: "u"), UInt8(ascii: "d"): index + 2
            default: index + 1
            }
        return JSONValue(tape: tape, strings: strings, index: following)
    }
}

extension JSONValue {
    /// Sets numbers of the document, which are in the order of the text. Only for the root.
    func setNumbers(_ numbers: [JSONScanner.LongNumber]) {
        // SAFETY: the tape is memory of the parser, which lends it as constant; nobody else reads it now.
        let tape = UnsafeMutablePointer(mutating: self.tape)
        var place = numbers.startIndex
        var ordinal = 0
        var value = self
        while place < numbers.endIndex {
            switch value.letter {
            case UInt8(ascii: "l"), UInt8(ascii: "u"), UInt8(ascii: "d"):
                if ordinal == numbers[place].ordinal {
                    tape[value.index + 1] = numbers[place].value.bitPattern
                    place += 1
                }
                ordinal += 1
                value = value.next
            default: value = value.child
            }
        }
    }
}

/// The members of an object.
@frozen
public struct JSONMembers: Sequence, IteratorProtocol {
    /// A member: its name, unescaped, and its value.
    public typealias Element = (name: JSONString, value: JSONValue)

    @usableFromInline var upcoming: JSONValue
    @usableFromInline let end: Int

    @inlinable
    init(first: JSONValue, end: Int) {
        self.upcoming = first
        self.end = end
    }

    /// The next member.
    @inlinable
    public mutating func next() -> Element? {
        guard upcoming.index < end else { return nil }
        let name = upcoming.text
        let value = upcoming.child
        upcoming = value.next
        return (name, value)
    }
}

/// The elements of an array.
@frozen
public struct JSONElements: Sequence, IteratorProtocol {
    @usableFromInline var upcoming: JSONValue
    @usableFromInline let end: Int

    @inlinable
    init(first: JSONValue, end: Int) {
        self.upcoming = first
        self.end = end
    }

    /// The next element.
    @inlinable
    public mutating func next() -> JSONValue? {
        guard upcoming.index < end else { return nil }
        let value = upcoming
        upcoming = value.next
        return value
    }
}
