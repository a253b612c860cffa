/// One thing about a log and its engine that was looked at, and what is to be done about it.
public struct LogFinding: Equatable, Sendable {
    /// How it stands.
    public enum Verdict: String, Sendable {
        /// As it should be.
        case ok
        /// It works, and will not when something else happens.
        case warning
        /// It does not work, or what was acknowledged may be lost.
        case problem
    }

    /// How it stands.
    public let verdict: Verdict
    /// What was looked at.
    public let about: String
    /// What was found.
    public let found: String
    /// What is to be done; nil when there is nothing.
    public let toDo: String?

    /// What is as it should be.
    public static func ok(_ about: String, _ found: String) -> LogFinding {
        LogFinding(verdict: .ok, about: about, found: found, toDo: nil)
    }

    /// What works for now.
    public static func warning(_ about: String, _ found: String, toDo: String) -> LogFinding {
        LogFinding(verdict: .warning, about: about, found: found, toDo: toDo)
    }

    /// What does not work.
    public static func problem(_ about: String, _ found: String, toDo: String) -> LogFinding {
        LogFinding(verdict: .problem, about: about, found: found, toDo: toDo)
    }
}
