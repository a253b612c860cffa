import CivilTime
import JSON

/// The parameters of a query string, one after the other, in place.
struct QueryReader {
    private var rest: UnsafeRawBufferPointer

    /// The query without its question mark.
    init(_ query: UnsafeRawBufferPointer) {
        rest = query
    }

    /// The next `name=value`; empty pieces (`a=1&&b=2`) are skipped.
    mutating func next() -> (name: QueryText, value: QueryText)? {
        // SAFETY: all of these are parts of the query, which the caller keeps alive.
        while !rest.isEmpty {
            let end = Self.position(of: UInt8(ascii: "&"), in: rest)
            let pair = UnsafeRawBufferPointer(rebasing: rest[..<end])
            rest = UnsafeRawBufferPointer(rebasing: rest[min(end + 1, rest.count)...])
            if pair.isEmpty { continue }
            let equals = Self.position(of: UInt8(ascii: "="), in: pair)
            return (
                QueryText(UnsafeRawBufferPointer(rebasing: pair[..<equals])),
                QueryText(UnsafeRawBufferPointer(rebasing: pair[min(equals + 1, pair.count)...]))
            )
        }
        return nil
    }

    /// Where a byte comes first; the end if it does not.
    @inline(__always)
    private static func position(of byte: UInt8, in text: UnsafeRawBufferPointer) -> Int {
        var index = 0
        while index < text.count, text[index] != byte { index &+= 1 }
        return index
    }
}

/// A name or value of a query, decoded byte by byte as it is read: no memory is needed for that.
public struct QueryText: Sequence {
    let escaped: UnsafeRawBufferPointer

    /// A text as it came.
    public init(_ escaped: UnsafeRawBufferPointer) {
        self.escaped = escaped
    }

    /// Gives the decoded bytes. A malformed escape gives its bytes as they are; whoever takes a query off the
    /// wire refuses it before (`PercentEncoding.firstFault`).
    public struct Iterator: IteratorProtocol {
        fileprivate let escaped: UnsafeRawBufferPointer
        fileprivate var position = 0

        /// The next decoded byte.
        public mutating func next() -> UInt8? {
            guard position < escaped.count else { return nil }
            let byte = escaped[position]
            position += 1
            if byte == UInt8(ascii: "+") { return UInt8(ascii: " ") }
            guard let octet = PercentEncoding.octet(in: escaped, at: position - 1) else {
                return byte
            }
            position += 2
            return octet
        }
    }

    /// Begins to decode.
    public func makeIterator() -> Iterator { Iterator(escaped: escaped) }

    /// Whether it is this text.
    @inline(__always)
    public func matches(_ text: StaticString) -> Bool {
        // Decoding makes nothing longer: most names that are compared end here.
        escaped.count >= text.utf8CodeUnitCount && matchesDecoded(text)
    }

    private func matchesDecoded(_ text: StaticString) -> Bool {
        // What has an escape is longer than what it says.
        if escaped.count == text.utf8CodeUnitCount { return escaped.matches(text) }
        var index = 0
        for byte in self {
            // SAFETY: a StaticString's bytes are constants of the program.
            guard index < text.utf8CodeUnitCount, byte == text.utf8Start[index] else {
                return false
            }
            index += 1
        }
        return index == text.utf8CodeUnitCount
    }

    /// Digits only, at most 2⁵³−1.
    var integer: UInt64? {
        var number: UInt64 = 0
        var count = 0
        for byte in self {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9, count < 16 else { return nil }
            number = number * 10 + UInt64(digit)
            count += 1
        }
        return count > 0 && number <= Limits.largestId ? number : nil
    }

    /// Lends the decoded bytes.
    ///
    /// - Parameter isPlusKept: leave `+` as it is instead of the last space of the text that it stands for.
    func withDecoded<Result>(
        isPlusKept: Bool = false, _ body: (JSONString) -> Result
    ) -> Result {
        // SAFETY: scratch memory of this call; decoding never makes text longer.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: escaped.count) { space in
            var count = 0
            for byte in self {
                space[count] = byte
                count += 1
            }
            if isPlusKept, escaped.contains(UInt8(ascii: "+")),
                let sign = space[..<count].lastIndex(of: UInt8(ascii: " "))
            {
                space[sign] = UInt8(ascii: "+")
            }
            return body(JSONString(bytes: UnsafeBufferPointer(rebasing: space[..<count])))
        }
    }

    /// For messages.
    var quoted: String { escaped.quoted() }
}

extension Faults {
    mutating func integer(
        _ name: StaticString, _ value: QueryText, in range: ClosedRange<Int>
    ) -> Int? {
        if let integer = value.integer, range.contains(Int(integer)) { return Int(integer) }
        add(
            .outOfRange, parameter: "\(name)",
            "expected an integer from \(range.lowerBound) to \(range.upperBound), "
                + "got \"\(value.quoted)\"")
        return nil
    }

    mutating func id(_ name: StaticString, _ value: QueryText) -> UInt64? {
        if let id = value.integer, id > 0 { return id }
        add(
            .outOfRange, parameter: "\(name)",
            "expected an id from 1 to \(Limits.largestId), got \"\(value.quoted)\"")
        return nil
    }

    /// Ids between commas, behind those of an earlier parameter of that name.
    mutating func ids(
        _ name: StaticString, _ value: QueryText, joining before: [UInt64]?,
        count: ClosedRange<Int>
    ) -> [UInt64]? {
        var ids = before ?? []
        // Each has a digit, and all but one a comma.
        ids.reserveCapacity(min(ids.count + value.escaped.count / 2 + 1, count.upperBound))
        var id: UInt64 = 0
        var digits = 0
        var isRight = true
        func end() {
            isRight = isRight && (1...16).contains(digits) && id > 0 && id <= Limits.largestId
            ids.append(id)
            (id, digits) = (0, 0)
        }
        for byte in value where isRight && ids.count <= count.upperBound {
            let digit = byte &- UInt8(ascii: "0")
            if byte == UInt8(ascii: ",") {
                end()
            } else if digit <= 9, digits < 16 {
                (id, digits) = (id * 10 + UInt64(digit), digits + 1)
            } else {
                isRight = false
            }
        }
        if isRight { end() }
        if isRight, count.contains(ids.count) { return ids }
        add(
            .outOfRange, parameter: "\(name)",
            "expected \(count.lowerBound) to \(count.upperBound) ids with commas between them, "
                + "such as 7,3,9")
        return nil
    }

    /// A parameter that says all of what is asked for.
    mutating func expectAlone(_ name: StaticString, _ isAlone: Bool) {
        if isAlone { return }
        add(
            .mismatch, parameter: "\(name)",
            "\(name) names all records that are asked for: send no other parameter with it")
    }

    mutating func cursor(_ name: StaticString, _ value: QueryText) -> Cursor? {
        if let cursor = Cursor(value) { return cursor }
        add(.pattern, parameter: "\(name)", "expected a cursor from the Link header of a page")
        return nil
    }

    mutating func boolean(_ name: StaticString, _ value: QueryText) -> Bool? {
        if value.matches("true") { return true }
        if value.matches("false") { return false }
        add(.type, parameter: "\(name)", "expected true or false, got \"\(value.quoted)\"")
        return nil
    }

    mutating func time(_ name: StaticString, _ value: QueryText) -> Timestamp? {
        if let time = value.withDecoded({ Timestamp(rfc3339: $0.bytes) }) { return time }
        addTime(
            name, value, "expected an RFC 3339 date-time such as 2026-02-06T11:00:00.000Z"
        ) { Timestamp(rfc3339: $0.bytes) != nil }
        return nil
    }

    mutating func wallTime(_ name: StaticString, _ value: QueryText) -> WallTime? {
        if let time = value.withDecoded({ WallTime($0.bytes) }) { return time }
        addTime(
            name, value, "expected a local time as YYYY-MM-DD HH:MM:SS (a space as %20 or +)"
        ) { WallTime($0.bytes) != nil }
        return nil
    }

    /// In a query `+` is a space: an offset loses its sign there unless it is escaped. Says so where
    /// that is what happened.
    private mutating func addTime(
        _ name: StaticString, _ value: QueryText, _ expected: String,
        _ isTime: (JSONString) -> Bool
    ) {
        let hint =
            value.withDecoded(isPlusKept: true, isTime)
            ? "; the + of an offset is written %2B in a query, where + is a space" : ""
        add(.format, parameter: "\(name)", "\(expected), got \"\(value.quoted)\"\(hint)")
    }

    mutating func month(_ name: StaticString, _ value: QueryText) -> CalendarMonth? {
        if let month = value.withDecoded({ CalendarMonth($0.bytes) }) { return month }
        add(
            .pattern, parameter: "\(name)",
            "expected a month as YYYY-MM, such as 2026-02, got \"\(value.quoted)\"")
        return nil
    }

    /// Lengths are counted in Unicode scalars, as in bodies.
    mutating func text(
        _ name: StaticString, _ value: QueryText, length: ClosedRange<Int>
    ) -> String? {
        let text = value.withDecoded { String(validating: $0.bytes, as: UTF8.self) }
        if let text, length.contains(text.unicodeScalars.count) { return text }
        add(
            .outOfRange, parameter: "\(name)",
            "expected UTF-8 of \(length.lowerBound) to \(length.upperBound) characters")
        return nil
    }

    mutating func choice<Choice: ContractChoice>(
        _ name: StaticString, _ value: QueryText
    ) -> Choice? {
        if let choice = value.withDecoded({ Choice($0) }) { return choice }
        add(
            .enum, parameter: "\(name)",
            "expected \(Choice.expectation), got \"\(value.quoted)\"")
        return nil
    }

    mutating func require(_ name: StaticString, _ isThere: Bool) {
        if !isThere { add(.required, parameter: "\(name)", "\(name) is missing") }
    }

    /// - Parameter known: the names of those that the operation takes.
    mutating func unknownParameter(_ name: QueryText, known: StaticString...) {
        let names = known.map { "\($0)" }.joined(separator: ", ")
        add(
            .unknownParameter, parameter: name.quoted,
            "the operation takes \(names.isEmpty ? "no parameters" : names)")
    }
}
