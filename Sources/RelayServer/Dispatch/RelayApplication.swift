import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// Answers the requests of one event loop: finds the route, checks the key, dispatches.
final class RelayApplication: Application {
    // SAFETY: freed in deinit. Behind a pointer, because access to a class's variable is checked
    // at run time, twice per request.
    private let api: UnsafeMutablePointer<RelayAPI>

    init(_ store: Store, _ writing: WriteAccess) throws(StoreError) {
        let made = try RelayAPI(store, writing)
        // SAFETY: freed in deinit.
        api = .allocate(capacity: 1)
        api.initialize(to: made)
        super.init()
    }

    deinit {
        api.deinitialize(count: 1)
        api.deallocate()
    }

    override func beginTurn() {
        do throws(StoreError) {
            try api.pointee.reader.renewIfStale()
            api.pointee.failure = nil
        } catch {
            api.pointee.failure = error
        }
    }

    override func idle() { api.pointee.reader.rest() }

    override func foresee(_ exchange: Exchange) {
        // A guess, by the path's shape and the account of the request before: a wrong one costs
        // a prefetch and nothing else. The key waits in the exchange's state.
        guard let id = OrderPath.id(exchange.path), Resource.isStorable(id) else { return }
        let key = Resource.order.key(api.pointee.lastAccount, id)
        exchange.foreseen = key.rawValue
        api.pointee.reader.foresee(key)
    }

    override func prefetch(_ exchange: Exchange) {
        if exchange.foreseen == 0 { return }
        api.pointee.reader.prefetch(DocumentKey(rawValue: exchange.foreseen))
    }

    override func admit(_ exchange: Exchange) {
        var exchange = RelayExchange(http: exchange, account: 0)
        beginTurn()
        guard let match = route(&exchange), case .operation(let operation) = match.outcome,
            exchange.checkQuery(),
            operation.maxBodyBytes == 0
                ? checkEmpty(operation, &exchange) : checkHead(operation, &exchange)
        else { return }
        if operation.streamsBody {
            return api.pointee.admit(operation, id: match.id0, &exchange)
        }
        exchange.http.admitBody(upTo: operation.maxBodyBytes)
    }

    override func receive(_ exchange: Exchange, _ bytes: UnsafeRawBufferPointer) -> Int {
        guard let upload = Upload.kept(by: exchange) else { return bytes.count }
        do throws(Problem) {
            try upload.checkStaging()
            return try upload.take(bytes)
        } catch {
            var exchange = RelayExchange(http: exchange, account: 0)
            exchange.reject(error)
            return bytes.count
        }
    }

    override func streamEnded(_ exchange: Exchange) { Upload.end(exchange) }

    override func refuse(_ exchange: Exchange, _ refusal: Refusal) {
        var exchange = RelayExchange(http: exchange, account: 0)
        switch refusal {
        case .fieldsTooLarge: exchange.reject(.fieldsTooLarge)
        case .fieldRepeated(let field): exchange.reject(.repeated(field))
        case .bodyTooLarge: exchange.reject(.tooLarge(exchange.http))
        case .bodyBudget: exchange.reject(.bodyBudget)
        case .bodyStalled:
            // Its files are not waited for any longer either.
            Upload.end(exchange.http)
            exchange.reject(.stalledBody)
        }
    }

    override func answer(_ exchange: Exchange) {
        var exchange = RelayExchange(http: exchange, account: 0)
        guard let match = route(&exchange), case .operation(let operation) = match.outcome else {
            return
        }
        if operation.maxBodyBytes > 0, !checkHead(operation, &exchange) { return }
        if api.pointee.pages.answer(exchange, api.pointee.reader.transactionID) { return }
        if !exchange.checkQuery() { return }
        exchange.setDeprecation()
        let request = APIRequest(
            id0: match.id0, query: exchange.query, body: exchange.http.body)
        api.pointee.answer(operation, request, &exchange)
    }

    override func refill(_ exchange: Exchange) {
        if api.pointee.failure != nil { return exchange.abort() }
        switch exchange.continuation {
        case .list(let next): api.pointee.continueList(next, exchange)
        case .selection(let next): api.pointee.continueSelection(next, exchange)
        case .content(let next): api.pointee.continueContent(next, exchange)
        case .none, .upload: preconditionFailure("an answer that goes on says where")
        }
    }

    /// Finds the operation and whose it is; nil after an answer was given.
    @inline(__always)
    private func route(_ exchange: inout RelayExchange) -> RouteMatch? {
        let method = RelayContract.Method(rawValue: exchange.http.method.rawValue) ?? .other
        var match = Router.match(method: method, path: exchange.path)
        // No path of the contract has a percent sign: of those that lead somewhere none is decoded.
        if !match.isOperation, exchange.path.contains(UInt8(ascii: "%")) {
            guard exchange.normalizePath() else { return nil }
            match = Router.match(method: method, path: exchange.path)
        }
        guard case .operation(let operation) = match.outcome else {
            exchange.rejectRoute(match)
            return nil
        }
        exchange.operation = operation
        if let failure = api.pointee.failure {
            exchange.reject(Problem(failure))
            return nil
        }
        if operation.requiresKey {
            guard let account = api.pointee.authenticate(&exchange) else { return nil }
            exchange.account = account
        }
        return match
    }

    /// Checks a request whose end is still to come, to an operation that takes no body: there may be
    /// none. Some clients and proxies end every request with an empty DATA frame.
    private func checkEmpty(
        _ operation: RelayContract.Operation, _ exchange: inout RelayExchange
    ) -> Bool {
        guard let length = exchange.http.field(.contentLength), DecimalText.read(length) != 0
        else { return true }
        exchange.reject(.noBody(operation))
        return false
    }

    /// Checks what a request with a body says of it before it is read.
    private func checkHead(
        _ operation: RelayContract.Operation, _ exchange: inout RelayExchange
    ) -> Bool {
        if let coding = exchange.http.field(.contentEncoding), !MediaType.isIdentity(coding) {
            exchange.reject(
                Problem(
                    .unsupportedMediaType,
                    "the body has a Content-Encoding, and Relay decodes none: send the body as "
                        + "it is"
                ))
            exchange.http.set(.acceptEncoding, "identity")
            return false
        }
        guard let type = exchange.http.field(.contentType),
            MediaType.isOne(type, of: operation.bodyTypes)
        else {
            exchange.reject(.mediaType(operation.bodyTypes))
            return false
        }
        if let length = exchange.http.field(.contentLength),
            DecimalText.read(length) ?? .max
                > UInt64(operation.maxBodyBytes)
        {
            exchange.reject(.tooLarge(exchange.http))
            return false
        }
        return true
    }
}

extension RelayExchange {
    /// Answers a request that no operation takes.
    mutating func rejectRoute(_ match: RouteMatch) {
        switch match.outcome {
        case .operation: break
        case .options(let methods):
            http.respond(204)
            setAllow(methods)
        case .methodNotAllowed(let methods):
            reject(Problem(.methodNotAllowed, "this path takes \(methods.headerValue)"))
            setAllow(methods)
        case .notFound:
            reject(
                Problem(.notFound, "no operation has this path: GET /openapi.json lists all paths"))
        case .badId:
            reject(
                Problem(
                    .notFound,
                    "expected an id in the path: a number from 1 to "
                        + "\(RelayContract.Limits.largestId)"
                ))
        }
    }

    private func setAllow(_ methods: MethodSet) {
        http.set(.allow, copying: methods.headerValue)
    }
}

extension RouteMatch {
    @inline(__always)
    fileprivate var isOperation: Bool { if case .operation = outcome { true } else { false } }
}

extension Problem {
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

    /// 400: the operation takes no body.
    static func noBody(_ operation: RelayContract.Operation) -> Problem {
        Problem(.badRequest, "\(operation.name) takes no body")
    }

    /// 415 with the media types that would do.
    static func mediaType(_ types: BodyTypes) -> Problem {
        let names = BodyTypes.all.filter { types.contains($0.type) }.map(\.name)
        let others = names.dropFirst().map { " or `\($0)`" }.joined()
        return Problem(
            .unsupportedMediaType,
            "send `Content-Type: \(names[0])`\(others), in no charset but UTF-8")
    }

    /// 413 with the limit that was exceeded; 400 where there may be no body at all.
    static func tooLarge(_ exchange: Exchange) -> Problem {
        let method = RelayContract.Method(rawValue: exchange.method.rawValue) ?? .other
        let path = RelayExchange(http: exchange, account: 0).path
        guard case .operation(let operation) = Router.match(method: method, path: path).outcome
        else { return Problem(.contentTooLarge) }
        if operation.maxBodyBytes == 0 { return noBody(operation) }
        return Problem(
            .contentTooLarge,
            "\(operation.name) takes a body of at most \(operation.maxBodyBytes) bytes")
    }
}
