/// How much an event matters. The raw value is the priority that journald gives a line (sd-daemon(3)).
public enum LogLevel: Int, Sendable {
    /// Something has failed.
    case error = 3
    /// Something is not as it should be, and relayd goes on.
    case warning = 4
    /// What happens in the ordinary course of things.
    case info = 6

    /// As lines name it.
    var name: StaticString {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .info: "info"
        }
    }
}

/// What one line of a log tells. No key, no body and nothing of a person belongs into it.
public struct LogEvent: Sendable {
    /// A field's value.
    public enum Value: Sendable, Equatable {
        /// Text.
        case text(String)
        /// A whole number.
        case number(Int)
    }

    /// A field beside those that every line has.
    public typealias Field = (name: StaticString, value: Value)

    /// How much it matters.
    public let level: LogLevel
    /// What has happened, in one word: what a query of logs asks for.
    public let name: StaticString
    /// The same in words, for people; nil where the fields tell all.
    public let message: String?
    /// What else there is to know.
    public let fields: [Field]

    /// Makes an event.
    public init(
        _ level: LogLevel, _ name: StaticString, _ message: String? = nil, _ fields: [Field] = []
    ) {
        self.level = level
        self.name = name
        self.message = message
        self.fields = fields
    }
}
