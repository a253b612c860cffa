import JSON

/// A type of the contract: read from JSON by its rules, written as JSON.
public protocol ContractModel: Equatable, Sendable {
    /// Reads a value. Every fault is added with its place; the result is nil when a part that the type cannot do
    /// without is missing or wrong. Use it only when `faults` is still empty afterwards.
    init?(decoding value: JSONValue, into faults: inout Faults)

    /// Writes the value; absent members are left out.
    func write(to writer: inout JSONWriter)
}

/// A string of the contract that is one of a closed set.
public protocol ContractChoice: Equatable, Sendable {
    /// What a fault says: `one of OPEN, …`.
    static var expectation: StaticString { get }
    /// The choice of that name.
    init?(_ text: JSONString)
    /// Writes the name.
    func write(to writer: inout JSONWriter)
}

extension ContractModel {
    /// Reads back what `write` wrote, such as a stored document; nil when the bytes are not such a value.
    @inlinable
    public init?(stored json: UnsafeRawBufferPointer, parser: JSONParser) {
        guard let value = try? parser.parse(json) else { return nil }
        var faults = Faults()
        self.init(decoding: value, into: &faults)
        guard faults.isEmpty else { return nil }
    }

    /// The value as JSON, in an array of its own.
    public var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}

extension JSONWriter {
    /// A member with a model.
    public mutating func member(_ name: StaticString, _ model: some ContractModel) {
        self.name(name)
        model.write(to: &self)
    }

    /// A member with an array of models.
    public mutating func member<Model: ContractModel>(_ name: StaticString, _ models: [Model]) {
        self.name(name)
        values(models)
    }

    /// A member with one of a closed set.
    public mutating func member(_ name: StaticString, _ choice: some ContractChoice) {
        self.name(name)
        choice.write(to: &self)
    }

    /// A member with an array of a closed set's words.
    public mutating func member<Choice: ContractChoice>(_ name: StaticString, _ choices: [Choice]) {
        self.name(name)
        beginArray()
        for choice in choices { choice.write(to: &self) }
        endArray()
    }

    /// A member with an array of strings.
    public mutating func member(_ name: StaticString, _ strings: [String]) {
        self.name(name)
        beginArray()
        for string in strings { value(string) }
        endArray()
    }

    /// A member with an array of integers.
    public mutating func member(_ name: StaticString, _ integers: [Int]) {
        self.name(name)
        beginArray()
        for integer in integers { value(integer) }
        endArray()
    }

    /// A member with an array of ids.
    public mutating func member(_ name: StaticString, _ ids: [UInt64]) {
        self.name(name)
        beginArray()
        for id in ids { value(id) }
        endArray()
    }

    /// A member with an array of numbers.
    public mutating func member(_ name: StaticString, _ numbers: [Double]) {
        self.name(name)
        beginArray()
        for number in numbers { value(number) }
        endArray()
    }

    /// An array of models.
    public mutating func values<Model: ContractModel>(_ models: [Model]) {
        beginArray()
        for model in models { model.write(to: &self) }
        endArray()
    }
}
