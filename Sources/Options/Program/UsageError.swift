/// A command line that cannot be carried out. `description` is the line for the user; it names
/// what is wrong and what to type instead.
public enum UsageError: Error, Equatable, CustomStringConvertible {
    /// No option of that name; with the nearest one that exists.
    case unknownOption(String, nearest: String?)
    /// No verb of that name; with the nearest one, or all that could have followed.
    case unknownVerb(String, nearest: String?, known: [String])
    /// The program needs a verb and got none.
    case missingVerb(known: [String])
    /// The option needs an argument and stood last.
    case missingValue(option: String, expected: String)
    /// The option was given an argument that it cannot use.
    case badValue(option: String, value: String, expected: String)
    /// A flag was given an argument.
    case unexpectedValue(option: String)
    /// The option was given twice.
    case repeatedOption(String)
    /// The option has to be given.
    case missingOption(String, placeholder: String)
    /// The operand has to be given.
    case missingOperand(String)
    /// There is no place for this argument.
    case unexpectedOperand(String)
    /// What was wrong stood in a variable or in a settings file.
    indirect case inSettings(Origin, UsageError)
    /// A line of a settings file that gives no option.
    case notASetting(String)
    /// The value of a line in a settings file has quotes around it.
    case quoted(String)
    /// A settings file names an option that there is not, with the nearest one that there is.
    case unknownSetting(String, nearest: String?)
    /// A settings file gives an option that stands in an earlier line too.
    case repeatedSetting(String, Origin)
    /// A settings file that cannot be read: which one, and why.
    case settingsFile(String)
    /// An argument longer than `Limits.argumentBytes`.
    case argumentTooLong(bytes: Int)

    /// One line, without the program's name.
    public var description: String {
        switch self {
        case .unknownOption(let name, let nearest):
            "unknown option \(name)" + Self.suggestion(nearest)
        case .unknownVerb(let name, .some(let nearest), _):
            "unknown verb \(name)" + Self.suggestion(nearest)
        case .unknownVerb(let name, .none, let known):
            "unknown verb \(name); expected one of \(known.joined(separator: ", "))"
        case .missingVerb(let known):
            "a verb is missing; expected one of \(known.joined(separator: ", "))"
        case .missingValue(let option, let expected):
            "--\(option) needs a value: expected \(expected)"
        case .badValue(let option, let value, let expected):
            "--\(option) cannot be '\(value)': expected \(expected)"
        case .unexpectedValue(let option):
            "--\(option) takes no value"
        case .repeatedOption(let option):
            "--\(option) is given more than once"
        case .missingOption(let option, let placeholder):
            "--\(option) \(placeholder) is required"
        case .missingOperand(let name):
            "\(name) is missing"
        case .unexpectedOperand(let argument):
            "unexpected argument '\(argument)'"
        case .inSettings(let origin, let fault):
            "\(origin): \(fault)"
        case .notASetting(let line):
            "expected 'option = value', such as 'loops = 2', not '\(line)'"
        case .quoted(let name):
            "the value of \(name) has quotes around it: a value stands without them"
        case .unknownSetting(let name, let nearest):
            "there is no option \(name)" + Self.suggestion(nearest)
        case .repeatedSetting(let name, let earlier):
            "\(name) is given in \(earlier) too"
        case .settingsFile(let reason):
            "the settings file \(reason)"
        case .argumentTooLong(let bytes):
            "an argument of \(bytes) bytes is too long: at most \(Limits.argumentBytes)"
        }
    }

    private static func suggestion(_ nearest: String?) -> String {
        nearest.map { "; did you mean \($0)?" } ?? ""
    }
}
