import CivilTime
import JSON

/// Reading values by the rules of the contract: a value, or nil and a fault at the present place.
///
/// The functions stand on `Faults` because they have nothing else in hand: a rule, a value, a place.
extension Faults {
    private mutating func wrongType(_ value: JSONValue, expected: @autoclosure () -> String) {
        if value.kind == .null {
            add(.nullValue, "expected \(expected()), got null; leave the member out instead")
        } else {
            add(.type, "expected \(expected()), got \(value.kind.phrase)")
        }
    }

    mutating func expectObject(_ value: JSONValue) -> Bool {
        if value.kind == .object { return true }
        wrongType(value, expected: "an object")
        return false
    }

    mutating func boolean(_ value: JSONValue) -> Bool? {
        if let boolean = value.boolean { return boolean }
        wrongType(value, expected: "true or false")
        return nil
    }

    /// Lengths are counted in Unicode scalars, as JSON Schema counts.
    mutating func string(_ value: JSONValue, length: ClosedRange<Int> = 0...Int.max) -> String? {
        guard let string = value.string else {
            wrongType(value, expected: "a string")
            return nil
        }
        // A scalar has one to four bytes: most strings need no counting.
        if string.count > length.upperBound {
            let count = string.scalarCount
            if count > length.upperBound {
                add(.tooLong, "expected at most \(length.upperBound) characters, got \(count)")
                return nil
            }
        }
        if length.lowerBound > 0, string.count < length.lowerBound * 4 {
            let count = string.scalarCount
            if count < length.lowerBound {
                add(.tooShort, "expected at least \(length.lowerBound) characters, got \(count)")
                return nil
            }
        }
        return String(string)
    }

    mutating func integer(_ value: JSONValue, in range: ClosedRange<Int>) -> Int? {
        guard let integer = value.integer else {
            let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
            if value.isBeyondIntegers {
                add(.outOfRange, "expected \(expected)")
            } else {
                wrongType(value, expected: expected)
            }
            return nil
        }
        guard range.contains(Int(integer)) else {
            add(
                .outOfRange,
                "expected an integer from \(range.lowerBound) to \(range.upperBound), got \(integer)"
            )
            return nil
        }
        return Int(integer)
    }

    /// Every number that is finite.
    private static let finite = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude

    /// Any finite number of the range that comes back as it was sent; integers are numbers too.
    mutating func number(
        _ value: JSONValue, in range: ClosedRange<Double> = Self.finite
    ) -> Double? {
        guard let rounded = value.double else {
            wrongType(value, expected: "a number")
            return nil
        }
        guard rounded.isNaN || range.contains(rounded) else {
            add(.outOfRange, "expected \(Self.phrase(range)), got \(Self.phrase(rounded))")
            return nil
        }
        guard let number = value.keptDouble else {
            addInexact()
            return nil
        }
        // -0 is 0: nothing reads the sign, and some writers turn it into the text "-0".
        return number == 0 ? 0 : number
    }

    /// Numbers are kept as doubles, and none is changed silently.
    mutating func addInexact() {
        add(
            .format,
            "the number would not come back with the same value: Relay stores doubles, "
                + "which hold every number of at most 15 digits from 1e-307 to 1e308")
    }

    private static func phrase(_ range: ClosedRange<Double>) -> String {
        let low = phrase(range.lowerBound)
        if range == finite { return "a finite number" }
        if range.upperBound == .greatestFiniteMagnitude { return "a number of at least \(low)" }
        return "a number from \(low) to \(phrase(range.upperBound))"
    }

    /// A whole number without a fraction.
    private static func phrase(_ number: Double) -> String {
        if number.isInfinite { return number < 0 ? "one below -1.8e308" : "one beyond 1.8e308" }
        return Int64(exactly: number).map { "\($0)" } ?? "\(number)"
    }

    mutating func freeObject(_ value: JSONValue, depth: Int = .max) -> FreeObject? {
        FreeObject(decoding: value, depth: depth, into: &self)
    }

    mutating func time(_ value: JSONValue) -> Timestamp? {
        guard let string = value.string else {
            wrongType(value, expected: "an RFC 3339 date-time")
            return nil
        }
        if let time = Timestamp(rfc3339: string.bytes) { return time }
        add(.format, "expected an RFC 3339 date-time such as 2026-02-06T11:00:00.000Z")
        return nil
    }

    mutating func month(_ value: JSONValue) -> CalendarMonth? {
        guard let string = value.string else {
            wrongType(value, expected: "a month")
            return nil
        }
        if let month = CalendarMonth(string.bytes) { return month }
        add(.pattern, "expected a month as YYYY-MM, such as 2026-02")
        return nil
    }

    mutating func wallTime(_ value: JSONValue) -> WallTime? {
        guard let string = value.string else {
            wrongType(value, expected: "a local time")
            return nil
        }
        if let time = WallTime(string.bytes) { return time }
        add(.format, "expected a local time as YYYY-MM-DD HH:MM:SS, or RFC 3339")
        return nil
    }

    mutating func choice<Choice: ContractChoice>(_ value: JSONValue) -> Choice? {
        guard let string = value.string else {
            wrongType(value, expected: "\(Choice.expectation)")
            return nil
        }
        if let choice = Choice(string) { return choice }
        // SAFETY: the string's bytes live in the document being decoded.
        let found = UnsafeRawBufferPointer(string.bytes).quoted()
        add(.enum, "expected \(Choice.expectation), got \"\(found)\"")
        return nil
    }

    /// An array without equal elements. Compares each with all before it: `count` keeps it short.
    mutating func uniqueArray<Element: Equatable>(
        _ value: JSONValue, count: ClosedRange<Int>,
        _ read: (JSONValue, inout Faults) -> Element?
    ) -> [Element]? {
        var seen: [Element] = []
        return array(value, count: count) { value, faults in
            guard let element = read(value, &faults) else { return nil }
            guard !seen.contains(element) else {
                faults.add(.notUnique, "an earlier element is equal: send each element once")
                return nil
            }
            seen.append(element)
            return element
        }
    }

    mutating func array<Element>(
        _ value: JSONValue, count: ClosedRange<Int> = 0...Int.max,
        _ read: (JSONValue, inout Faults) -> Element?
    ) -> [Element]? {
        guard value.kind == .array else {
            wrongType(value, expected: "an array")
            return nil
        }
        var elements: [Element] = []
        var index = 0
        for element in value.elements {
            // What lies beyond the limit is counted, not read: it will be refused whatever it is.
            if index < count.upperBound {
                at(index: index) { faults in
                    if let element = read(element, &faults) { elements.append(element) }
                }
            }
            index += 1
        }
        if index < count.lowerBound {
            add(.tooFew, "expected at least \(count.lowerBound) elements, got \(index)")
            return nil
        }
        if index > count.upperBound {
            add(.tooMany, "expected at most \(count.upperBound) elements, got \(index)")
            return nil
        }
        return elements.count == index ? elements : nil
    }
}

// MARK: Ids

/// The forms in which a place has its id.
enum IdForm {
    /// A JSON number.
    case number
    /// A string of digits.
    case text
    /// Either: what requests may send.
    case either
}

extension Faults {
    /// An id from `smallest` (1 for our own, 0 for those of other systems) to 2⁵³−1.
    mutating func id(_ value: JSONValue, _ form: IdForm, from smallest: UInt64 = 1) -> UInt64? {
        if form != .text, let integer = value.integer {
            if integer >= Int64(smallest), integer <= Int64(Limits.largestId) {
                return UInt64(integer)
            }
            add(.outOfRange, "expected \(Self.phrase(form, smallest)), got \(integer)")
            return nil
        }
        if form != .number, let string = value.string {
            if let id = Self.digits(string), id >= smallest { return id }
            add(.pattern, "expected \(Self.phrase(form, smallest))")
            return nil
        }
        if form != .text, value.isBeyondIntegers {
            add(.outOfRange, "expected \(Self.phrase(form, smallest))")
        } else {
            wrongType(value, expected: Self.phrase(form, smallest))
        }
        return nil
    }

    private static func phrase(_ form: IdForm, _ smallest: UInt64) -> String {
        let range = "from \(smallest) to \(Limits.largestId)"
        return switch form {
        case .number: "an integer \(range)"
        case .text: "a string of digits \(range)"
        case .either: "an integer \(range) (or a string of its digits)"
        }
    }

    /// Digits without leading zeros; nil for anything else and beyond 2⁵³−1.
    private static func digits(_ string: JSONString) -> UInt64? {
        guard 1...16 ~= string.count, string.count == 1 || string.bytes[0] != UInt8(ascii: "0")
        else { return nil }
        var number: UInt64 = 0
        for byte in string.bytes {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            number = number * 10 + UInt64(digit)
        }
        return number <= Limits.largestId ? number : nil
    }
}

extension JSONValue {
    /// Whether it is a whole number that no integer of the contract reaches.
    fileprivate var isBeyondIntegers: Bool {
        kind == .largeInteger || kind == .double && (double ?? 0).magnitude > 0x1p53
    }
}

extension JSONValue.Kind {
    /// With its article, for messages.
    fileprivate var phrase: StaticString {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .integer, .largeInteger: "an integer"
        case .double: "a number with a fraction or beyond 2⁵³"
        case .boolean: "a boolean"
        case .null: "null"
        }
    }
}
