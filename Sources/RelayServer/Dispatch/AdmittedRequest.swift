import HTTP2
import RelayContract
import RelayStore

/// A request whose fields were checked: what `RelayAPI.admit` found out about it, once.
///
/// There is an operation at its path, its key opened the account, its query has no malformed escape,
/// and what it says of its body is what the operation takes. While its body arrives, the exchange
/// keeps it as a `Continuation`.
struct AdmittedRequest: Equatable {
    /// What is to be done.
    let operation: RelayContract.Operation
    /// The account that the key opened; 0 when the operation needs no key.
    let account: UInt32
    /// The id in the path; 0 when the path has none.
    let id: UInt64
    /// The second id in the path; 0 when the path has one at most.
    var part: UInt64 = 0
    /// The generation of API keys under which the key was checked.
    let keyGeneration: UInt64
}

extension RelayAPI {
    /// The request to be answered: as it was admitted before its body came, or admitted now. One whose
    /// key may have been revoked since is checked again.
    @inline(__always)
    mutating func admitted(_ http: HTTP2.Exchange) throws(RequestRefusal) -> RelayExchange {
        guard let request = http.continuation.request,
            request.keyGeneration == keyGeneration, failure == nil
        else { return try admit(http) }
        return RelayExchange(http: http, request: request)
    }

    /// Checks everything of a request but its body.
    @inline(__always)
    mutating func admit(_ http: HTTP2.Exchange) throws(RequestRefusal) -> RelayExchange {
        forgetKey()
        var target = RequestTarget(http)
        let (operation, id, part) = try route(http, &target)
        if let failure { throw .problem(problem(failure)) }
        let account = operation.requiresKey ? try authenticate(http, operation) : 0
        try target.checkQuery()
        if operation.maxBodyBytes > 0 {
            try checkBodyFields(operation, http)
        } else if !http.isComplete {
            try checkNoBody(operation, http)
        }
        let request = AdmittedRequest(
            operation: operation, account: account, id: id, part: part,
            keyGeneration: keyGeneration)
        return RelayExchange(http: http, request: request, target: target)
    }

    /// Finds the operation, and the ids in the path.
    @inline(__always)
    private func route(
        _ http: HTTP2.Exchange, _ target: inout RequestTarget
    ) throws(RequestRefusal) -> (operation: RelayContract.Operation, id: UInt64, part: UInt64) {
        let method = RelayContract.Method(rawValue: http.method.rawValue) ?? .other
        var match = Router.match(method: method, path: target.path)
        // No path of the contract has a percent sign: of those that lead somewhere none is decoded.
        if !match.isOperation, target.path.contains(UInt8(ascii: "%")) {
            try target.normalizePath(of: http)
            match = Router.match(method: method, path: target.path)
        }
        guard case .operation(let operation) = match.outcome else {
            throw RequestRefusal(match.outcome)
        }
        http.kind = RequestKind.of(operation)
        return (operation, match.id0, match.id1)
    }

    /// Checks what a request says of a body that its operation takes.
    private func checkBodyFields(
        _ operation: RelayContract.Operation, _ http: HTTP2.Exchange
    ) throws(RequestRefusal) {
        if let coding = http.field(.contentEncoding), !MediaType.isIdentity(coding) {
            throw .contentCoding(operation)
        }
        guard let type = http.field(.contentType),
            MediaType.isOne(type, of: operation.bodyTypes)
        else { throw .mediaType(operation) }
        if let length = http.field(.contentLength),
            DecimalText.read(length) ?? .max > UInt64(operation.maxBodyBytes)
        {
            throw .problem(.tooLarge(operation))
        }
    }

    /// Checks a request whose end is still to come, to an operation that takes no body: there may be
    /// none. Some clients and proxies end every request with an empty DATA frame.
    private func checkNoBody(
        _ operation: RelayContract.Operation, _ http: HTTP2.Exchange
    ) throws(RequestRefusal) {
        guard let length = http.field(.contentLength), DecimalText.read(length) != 0 else {
            return
        }
        throw .problem(.tooLarge(operation))
    }
}

extension RouteMatch {
    @inline(__always)
    fileprivate var isOperation: Bool { if case .operation = outcome { true } else { false } }
}
