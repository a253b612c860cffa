/// An HTTP method, as far as this service tells them apart.
@frozen
public enum Method: UInt8, Sendable, CaseIterable {
    /// GET
    case get
    /// HEAD
    case head
    /// POST
    case post
    /// PUT
    case put
    /// PATCH
    case patch
    /// DELETE
    case delete
    /// OPTIONS
    case options
    /// Anything else: no route takes it.
    case other

    /// The method as it stands on the wire.
    public var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other: "other"
        }
    }

    /// Reads a method; names are case-sensitive (RFC 9110, 9.1).
    public init(_ name: UnsafeRawBufferPointer) {
        for method in [Method.get, .post, .patch, .head, .delete, .options, .put]
        where name.matches(method.name) {
            self = method
            return
        }
        self = .other
    }
}

/// The methods that a path takes: the Allow header.
@frozen
public struct MethodSet: OptionSet, Sendable {
    /// A bit per `Method.rawValue`.
    public let rawValue: UInt8

    /// The set with those bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The set of one.
    public init(_ method: Method) {
        self.init(rawValue: 1 << method.rawValue)
    }

    /// What some path or other takes.
    static let any: MethodSet = [
        MethodSet(.get), MethodSet(.head), MethodSet(.post), MethodSet(.patch), MethodSet(.delete),
        MethodSet(.options),
    ]

    /// The value of an Allow header: `GET, HEAD, OPTIONS`.
    public var headerValue: String {
        Method.allCases.filter { contains(MethodSet($0)) }.map { "\($0.name)" }
            .joined(separator: ", ")
    }
}
