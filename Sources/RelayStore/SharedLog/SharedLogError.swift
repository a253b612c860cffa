/// Why a shared log cannot be read from.
public enum SharedLogError: Error, Equatable, Sendable {
    /// The engine cannot be reached, or has no leader: that is waited out.
    case unreachable(why: String)
    /// The log under this name is not the one that was read from: who reads looks at its state again.
    case anew(why: String)
    /// There is no such log.
    case missing(name: String)
    /// The log, or the engine, is not one that relayd may be given: what it has, and what is needed.
    case unfit(why: String)
}

extension SharedLogError: CustomStringConvertible {
    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .unreachable(let why): "the log's engine cannot be reached: \(why)"
        case .anew(let why): why
        case .missing(let name):
            "there is no log \(name): 'relayctl cluster init' makes one of a store"
        case .unfit(let why): "the log cannot be used: \(why)"
        }
    }
}
