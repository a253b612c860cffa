/// The values of one command line: complete, checked against the description, typed on the way out.
public struct Arguments: Sendable {
    var options: [String: [Kind.Value]] = [:]
    var operands: [String: [String]] = [:]
    /// Where each option was given; none for a default.
    var origins: [String: Origin] = [:]

    /// The value of an option; its default when it was not given.
    public subscript<Value>(option: Option<Value>) -> Value {
        option.convert(options[option.description.name] ?? [])
    }

    /// Where the option was given; nil if it was not.
    public func origin<Value>(of option: Option<Value>) -> Origin? {
        origins[option.description.name]
    }

    /// The value of an operand.
    public subscript(operand: Operand) -> String { self[all: operand][0] }

    /// The values of an operand, one or more.
    public subscript(all operand: Operand) -> [String] {
        guard let values = operands[operand.name] else {
            preconditionFailure("operand \(operand.name) does not belong to this verb")
        }
        return values
    }
}

/// What a command line asks for.
public enum Invocation: Sendable {
    /// Carry out the verb.
    case run(Verb, Arguments)
    /// Print this help text.
    case help(String)
    /// Print this version line.
    case version(String)
}
