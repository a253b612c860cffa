import HTTP2

/// Why a method of the client returned nothing.
public enum RelayClientError: Error, Sendable {
    /// The connection failed.
    case transport(TransportError)
    /// The service refused with a status of 400 or more; `problem` is its `application/problem+json`.
    case refused(status: Int, problem: String)
    /// The answer is not what the contract says.
    case badAnswer(String)
}

extension RelayClientError: CustomStringConvertible {
    /// What happened.
    public var description: String {
        switch self {
        case .transport(let error): error.description
        case .refused(let status, let problem): "status \(status): \(problem)"
        case .badAnswer(let what): "the answer is \(what)"
        }
    }
}
