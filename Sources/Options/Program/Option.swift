/// One option as data: its name, what its argument is and what it is for. Parsing, the help text
/// and whatever else is made of the command line read nothing but this.
public struct OptionDescription: Sendable {
    /// The name without its two dashes.
    public let name: String
    /// What stands for the argument in the help text, such as DIR; empty for a flag.
    public let placeholder: String
    /// What its argument is.
    public let kind: Kind
    /// One sentence without a full stop, lower case first.
    public let help: String
    /// The option must be given.
    public let isRequired: Bool
    /// The option may be given more than once.
    public let isRepeated: Bool
    /// What holds when it is not given.
    let defaultValue: Kind.Value?
    /// The variable of the environment that is read when the option is not given; nil for none.
    public internal(set) var variable: String?
    /// One letter that may stand for the name after a single dash; nil for most options.
    public var letter: Character?
}

/// A description together with the Swift type of its value: `arguments[option]` needs no cast at
/// the place of use, and an option that was never declared cannot be asked for.
public struct Option<Value: Sendable>: Sendable {
    /// What a verb lists among its options.
    public private(set) var description: OptionDescription
    /// From what was given (all occurrences, the default already filled in) to the typed value.
    let convert: @Sendable ([Kind.Value]) -> Value

    init(
        _ name: String, _ placeholder: String, _ kind: Kind, _ help: String,
        isRequired: Bool = false, isRepeated: Bool = false, default value: Kind.Value? = nil,
        convert: @escaping @Sendable ([Kind.Value]) -> Value
    ) {
        precondition(!name.isEmpty && !name.hasPrefix("-"), "an option is named without dashes")
        precondition(kind.yields(Value.self), "an option of this kind has no value of that type")
        description = OptionDescription(
            name: name, placeholder: placeholder, kind: kind, help: help,
            isRequired: isRequired, isRepeated: isRepeated, defaultValue: value)
        self.convert = convert
    }

    /// The same option with a letter for those who type it all day: `-c 8`. Only for letters that
    /// every tool of its kind uses in this sense.
    public func letter(_ letter: Character) -> Self {
        var copy = self
        copy.description.letter = letter
        return copy
    }
}

extension Option {
    /// The same option, with a variable of the environment to take it from.
    public func variable(_ name: String) -> Self {
        var copy = self
        copy.description.variable = name
        return copy
    }
}

extension Option where Value == Bool {
    /// An option that is present or absent.
    public static func flag(_ name: String, help: String) -> Self {
        Option(name, "", .flag, help) { !$0.isEmpty }
    }
}

extension Option where Value == String {
    /// A text option that has to be given.
    public static func required(
        _ name: String, _ placeholder: String, _ kind: Kind = .text, help: String
    ) -> Self {
        Option(name, placeholder, kind, help, isRequired: true) { $0.text! }
    }

    /// A text option with a default.
    public static func text(
        _ name: String, _ placeholder: String, _ kind: Kind = .text, default value: String,
        help: String
    ) -> Self {
        Option(name, placeholder, kind, help, default: .text(value)) { $0.text! }
    }
}

extension Option where Value == String? {
    /// A text option that may be left out.
    public static func optional(
        _ name: String, _ placeholder: String, _ kind: Kind = .text, help: String
    ) -> Self {
        Option(name, placeholder, kind, help) { $0.text }
    }
}

extension Option where Value == [String] {
    /// A text option that may be given any number of times.
    public static func repeated(
        _ name: String, _ placeholder: String, _ kind: Kind = .text, help: String
    ) -> Self {
        Option(name, placeholder, kind, help, isRepeated: true) { values in
            values.map { [$0].text! }
        }
    }
}

extension Option where Value == [Int] {
    /// A number, size (bytes) or duration (milliseconds) that may be given any number of times.
    public static func repeated(
        _ name: String, _ placeholder: String, _ kind: Kind, help: String
    ) -> Self {
        Option(name, placeholder, kind, help, isRepeated: true) { values in
            values.map { [$0].number! }
        }
    }
}

extension Option where Value == Int {
    /// A number, size (bytes) or duration (milliseconds) that has to be given.
    public static func required(
        _ name: String, _ placeholder: String, _ kind: Kind, help: String
    ) -> Self {
        Option(name, placeholder, kind, help, isRequired: true) { $0.number! }
    }

    /// A number, size (bytes) or duration (milliseconds) with a default.
    public static func number(
        _ name: String, _ placeholder: String, _ kind: Kind, default value: Int, help: String
    ) -> Self {
        Option(name, placeholder, kind, help, default: .number(value)) { $0.number! }
    }
}

extension Option where Value == Int? {
    /// A number, size (bytes) or duration (milliseconds) that may be left out.
    public static func optional(
        _ name: String, _ placeholder: String, _ kind: Kind, help: String
    ) -> Self {
        Option(name, placeholder, kind, help) { $0.number }
    }
}

extension [Kind.Value] {
    fileprivate var text: String? {
        guard case .text(let text)? = last else { return nil }
        return text
    }

    fileprivate var number: Int? {
        guard case .number(let number)? = last else { return nil }
        return number
    }
}
