/// What the router says about a method and a path. Plain old data.
@frozen
public struct RouteMatch: Sendable {
    /// The four ways a path can go, and OPTIONS.
    @frozen
    public enum Outcome: Equatable, Sendable {
        /// An operation is to be carried out.
        case operation(Operation)
        /// OPTIONS on a known path, or on `*`: answer 204 with Allow.
        case options(MethodSet)
        /// No such path: 404.
        case notFound
        /// A known path without that method: 405 with Allow.
        case methodNotAllowed(MethodSet)
        /// The path is that of an operation, but its segment for the id is not an id, so no record has
        /// it: 404.
        case badId
    }

    /// What to do.
    public var outcome: Outcome
    /// The id in the path, 1…2⁵³−1, or the place of one of a closed set, from 1 on; 0 when the path has none.
    public var id0: UInt64
    /// The second id in the path; 0 when the path has one at most.
    public var id1: UInt64
    /// The request was HEAD: answer the headers of the GET without its body.
    public var isHead: Bool

    init(_ outcome: Outcome, id0: UInt64 = 0, id1: UInt64 = 0, isHead: Bool = false) {
        self.outcome = outcome
        self.id0 = id0
        self.id1 = id1
        self.isHead = isHead
    }
}

/// Finds the operation that a request asks for. `route(_:_:)` is generated from the paths of openapi.json.
public enum Router {
    /// Matches without allocating. The path comes without its query; escaped or trailing slashes match nothing.
    public static func match(method: Method, path: UnsafeRawBufferPointer) -> RouteMatch {
        guard let segments = PathSegments(path) else {
            // `OPTIONS *` asks about the service as a whole (RFC 9110 §9.3.7).
            let isOfAll = method == .options && path.count == 1 && path[0] == UInt8(ascii: "*")
            return RouteMatch(isOfAll ? .options(.any) : .notFound)
        }
        return route(method, segments)
    }
}

/// The operations of one path.
struct RouteTarget {
    var get: Operation?
    var post: Operation?
    var patch: Operation?
    var delete: Operation?

    /// The ids in the path, 0 for what is none: nil when the path has none or no second one.
    func match(_ method: Method, id: UInt64?, part: UInt64? = nil) -> RouteMatch {
        let operation: Operation? =
            switch method {
            case .get, .head: get
            case .post: post
            case .patch: patch
            case .delete: delete
            case .put, .options, .other: nil
            }
        if method == .options { return RouteMatch(.options(allowed)) }
        guard let operation else { return RouteMatch(.methodNotAllowed(allowed)) }
        if id == 0 || part == 0 { return RouteMatch(.badId) }
        return RouteMatch(
            .operation(operation), id0: id ?? 0, id1: part ?? 0, isHead: method == .head)
    }

    /// A path that ends with one of a closed set; 0 when it is none of them.
    func match(_ method: Method, choice: UInt64) -> RouteMatch {
        choice == 0 ? RouteMatch(.notFound) : match(method, id: choice)
    }

    private var allowed: MethodSet {
        var allowed = MethodSet(.options)
        if get != nil { allowed.formUnion([MethodSet(.get), MethodSet(.head)]) }
        if post != nil { allowed.insert(MethodSet(.post)) }
        if patch != nil { allowed.insert(MethodSet(.patch)) }
        if delete != nil { allowed.insert(MethodSet(.delete)) }
        return allowed
    }
}
