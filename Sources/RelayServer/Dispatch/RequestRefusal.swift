import HTTP2
import JSON
import RelayContract

/// Why a request is not admitted: what it is answered.
enum RequestRefusal: Error {
    /// A problem that says it all.
    case problem(Problem)
    /// 429: a limit of the key.
    case limited(KeyRefusal)
    /// 204: OPTIONS, which asks for these methods only.
    case options(MethodSet)
    /// 405: the path takes these methods.
    case methodNotAllowed(MethodSet)
    /// 415: the body has a Content-Encoding.
    case contentCoding(RelayContract.Operation)
    /// 415: the body has a media type that the operation does not take.
    case mediaType(RelayContract.Operation)

    /// Where no operation was found.
    init(_ outcome: RouteMatch.Outcome) {
        switch outcome {
        case .operation: preconditionFailure("a request for an operation is not refused")
        case .options(let methods): self = .options(methods)
        case .methodNotAllowed(let methods): self = .methodNotAllowed(methods)
        case .notFound:
            self = .problem(
                Problem(.notFound, "no operation has this path: GET /openapi.json lists all paths"))
        case .badId:
            self = .problem(
                Problem(
                    .notFound,
                    "expected an id in the path: a number from 1 to "
                        + "\(RelayContract.Limits.largestId)"
                ))
        }
    }
}

extension Exchange {
    /// Answers a request that is not admitted.
    func answer(_ refusal: RequestRefusal) {
        switch refusal {
        case .problem(let problem): reject(problem)
        case .limited(let refusal): reject(refusal)
        case .options(let methods):
            respond(204)
            set(.allow, copying: methods.headerValue)
            if methods.contains(MethodSet(.patch)) { setAcceptPatch() }
        case .methodNotAllowed(let methods):
            reject(Problem(.methodNotAllowed, "this path takes \(methods.headerValue)"))
            set(.allow, copying: methods.headerValue)
        case .mediaType(let operation):
            reject(.mediaType(operation.bodyTypes))
            if operation.method == .patch { setAcceptPatch() }
        case .contentCoding(let operation):
            reject(
                Problem(
                    .unsupportedMediaType,
                    "the body has a Content-Encoding, and Relay decodes none: send the body as "
                        + "it is"))
            set(.acceptEncoding, "identity")
            if operation.method == .patch { setAcceptPatch() }
        }
    }

    /// Answers with what is made already, but for the path: who is refused may ask again and again.
    private func reject(_ refusal: KeyRefusal) {
        if field(.traceparent) != nil { return reject(refusal.problem) }
        respond(refusal.problem.status)
        set(.contentType, Problem.mediaType)
        set(.retryAfter, refusal.retryAfter)
        var body = refusal.json
        // Nothing in it is to be escaped: it led to an operation.
        body += RequestTarget(self).path
        body += "\"}".utf8
        setBody(copying: body)
    }

    /// Says what every PATCH takes (RFC 5789 §2.2 and §3.1).
    private func setAcceptPatch() {
        set(.acceptPatch, "application/merge-patch+json, application/json")
    }

    /// Answers with a problem (RFC 9457).
    func reject(_ problem: Problem) {
        var problem = problem
        problem.traceID = TraceParent.traceID(field(.traceparent))
        let json = problem.json(instance: RequestTarget(self).path)
        respond(problem.status)
        set(.contentType, Problem.mediaType)
        switch problem.status {
        case 401: set(.wwwAuthenticate, "Bearer")
        case 429, 503: set(.retryAfter, problem.retryAfter ?? Limits.retryAfterSeconds)
        case 409 where problem.type == .underWay:
            set(.retryAfter, Limits.retryAfterSeconds)
        default: break
        }
        setBody(copying: json)
    }

    /// Answers with JSON that was made for this request.
    func answer(_ status: Int, json: [UInt8]) {
        respond(status)
        if json.isEmpty { return }
        set(.contentType, "application/json")
        setBody(copying: json)
    }
}

extension Problem {
    /// The problem as JSON, of a request for a path.
    func json(instance: UnsafeRawBufferPointer) -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer, instance: instance)
        return writer.bytes
    }

    /// As above.
    func json(instance: Substring) -> [UInt8] {
        var path = instance
        // SAFETY: read during the call.
        return path.withUTF8 { json(instance: UnsafeRawBufferPointer($0)) }
    }

    /// 400: a field that has one line has several, and none of them can be trusted.
    static func repeated(_ field: RequestField) -> Problem {
        Problem(.badRequest, "the request has the field \(field.name) more than once: send it once")
    }

    /// 431 with the limits that were exceeded.
    static let fieldsTooLarge = Problem(
        .headersTooLarge,
        "a request has at most \(HTTP2.Limits.maxFields) header fields with "
            + "\(HTTP2.Limits.maxFieldSectionBytes) bytes together")

    /// 503: a connection's bodies take more than it may have.
    static let bodyBudget = Problem(
        .unavailable, "this connection sends too many bodies at once: try again")

    /// 408: the client has stopped sending.
    static let stalledBody = Problem(
        .requestTimeout,
        "neither \(HTTP2.Limits.bodyProgressBytes) bytes of the body nor its end came within "
            + "\(HTTP2.Limits.stallMilliseconds / 1_000) s: send the request again")

    /// 415 with the media types that would do.
    static func mediaType(_ types: BodyTypes) -> Problem {
        let names = BodyTypes.all.filter { types.contains($0.type) }.map(\.name)
        let others = names.dropFirst().map { " or `\($0)`" }.joined()
        return Problem(
            .unsupportedMediaType,
            "send `Content-Type: \(names[0])`\(others), in no charset but UTF-8")
    }

    /// 413 with the limit that was exceeded; 400 where there may be no body at all.
    static func tooLarge(_ operation: RelayContract.Operation) -> Problem {
        if operation.maxBodyBytes == 0 {
            return Problem(.badRequest, "\(operation.name) takes no body")
        }
        return Problem(
            .contentTooLarge,
            "\(operation.name) takes a body of at most \(operation.maxBodyBytes) bytes")
    }
}
