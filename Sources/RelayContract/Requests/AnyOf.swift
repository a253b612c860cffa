/// What a filter asks for: one value, or several of which a record has any.
///
/// One value, by far the most common, takes no memory from the heap.
public struct AnyOf<Value: Equatable & Sendable>: Equatable, Sendable {
    /// The first value.
    public let first: Value
    /// The values behind it, as they were sent: one may occur twice.
    public private(set) var others: [Value] = []

    /// One value.
    public init(_ value: Value) { first = value }

    /// Several values; nil when there is none.
    public init?(_ values: [Value]) {
        guard let first = values.first else { return nil }
        self.first = first
        others = Array(values.dropFirst())
    }

    /// All of them.
    public var all: [Value] { [first] + others }
}

extension QueryText {
    /// What stands before the first comma, and what behind it; nil without a comma.
    ///
    /// - Parameter takesEscaped: whether `%2C` is such a comma, too. Many clients escape all of a parameter; a text
    ///   of which a comma can be part has to keep it.
    func splitAtComma(takesEscaped: Bool) -> (before: QueryText, behind: QueryText)? {
        for place in escaped.indices {
            let length: Int
            switch escaped[place] {
            case UInt8(ascii: ","): length = 1
            case UInt8(ascii: "%") where takesEscaped:
                guard PercentEncoding.octet(in: escaped, at: place) == UInt8(ascii: ",") else {
                    continue
                }
                length = 3
            default: continue
            }
            // SAFETY: both are parts of the query, which the caller keeps alive.
            return (
                QueryText(UnsafeRawBufferPointer(rebasing: escaped[..<place])),
                QueryText(UnsafeRawBufferPointer(rebasing: escaped[(place + length)...]))
            )
        }
        return nil
    }
}

/// Values between commas, joined with those of an earlier parameter of the same name: what many clients send in place
/// of commas.
extension Faults {
    /// Choices, each of which is right.
    mutating func anyChoice<Choice: ContractChoice>(
        _ name: StaticString, _ value: QueryText, joining before: AnyOf<Choice>?,
        count: ClosedRange<Int>
    ) -> AnyOf<Choice>? {
        anyOf(name, value, before, count) { (faults, value) in faults.choice(name, value) }
    }

    /// Ids, in any order.
    mutating func anyID(
        _ name: StaticString, _ value: QueryText, joining before: AnyOf<UInt64>?,
        count: ClosedRange<Int>
    ) -> AnyOf<UInt64>? {
        anyOf(name, value, before, count) { (faults, value) in faults.id(name, value) }
    }

    /// Texts. A comma that is part of one is escaped as `%2C`, as OpenAPI has it for `form` without `explode`.
    mutating func anyText(
        _ name: StaticString, _ value: QueryText, joining before: AnyOf<String>?,
        length: ClosedRange<Int>, count: ClosedRange<Int>
    ) -> AnyOf<String>? {
        anyOf(name, value, before, count, takesEscaped: false) { (faults, value) in
            faults.text(name, value, length: length)
        }
    }

    /// Each wrong value is a fault of its own.
    @inline(__always)
    private mutating func anyOf<Value>(
        _ name: StaticString, _ value: QueryText, _ before: AnyOf<Value>?,
        _ count: ClosedRange<Int>, takesEscaped: Bool = true,
        _ read: (inout Faults, QueryText) -> Value?
    ) -> AnyOf<Value>? {
        guard before != nil || value.splitAtComma(takesEscaped: takesEscaped) != nil else {
            return read(&self, value).map { AnyOf($0) }
        }
        var values = before?.all ?? []
        var found = values.count
        var rest: QueryText? = value
        while let text = rest, found < count.upperBound {
            found += 1
            let parts = text.splitAtComma(takesEscaped: takesEscaped)
            if let value = read(&self, parts?.before ?? text) { values.append(value) }
            rest = parts?.behind
        }
        if rest == nil { return values.count == found ? AnyOf(values) : nil }
        add(
            .outOfRange, parameter: "\(name)",
            "expected at most \(count.upperBound) values with commas between them")
        return nil
    }
}
