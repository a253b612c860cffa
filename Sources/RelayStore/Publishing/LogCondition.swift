/// How the engine of a shared log is doing, as its answers to this host's messages show.
public enum LogCondition: String, Sendable {
    /// It keeps what it is given.
    case up
    /// It has not answered for a short time: new writes wait.
    case electing
    /// It has not answered for long: new writes are refused at once.
    case down
    /// It answers, and takes nothing: new writes wait for a short time, and are refused at once when that lasts.
    case refusesWrites = "refuses-writes"
}
