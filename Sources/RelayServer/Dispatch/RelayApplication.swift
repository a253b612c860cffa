import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// Answers the requests of one event loop: has each admitted once, then dispatched.
final class RelayApplication: Application {
    // SAFETY: freed in deinit. Behind a pointer, because access to a class's variable is checked
    // at run time, twice per request.
    private let api: UnsafeMutablePointer<RelayAPI>
    /// Requests of each key, readable from any thread.
    let keyUsage = KeyUsage()
    private let observer: RequestObserver

    /// - Parameters:
    ///   - allowances: what keys with limits may still do, shared by all loops.
    ///   - rememberedBytes: bytes of pages that this loop may keep for those who ask again.
    init(
        _ store: Store, _ writing: WriteAccess, _ health: StoreHealth,
        allowances: KeyAllowances = KeyAllowances(), rememberedBytes: Int = Limits.rememberedBytes,
        observer: RequestObserver = RequestObserver()
    ) throws(StoreError) {
        let made = try RelayAPI(
            store, writing, health, keyUsage, allowances, rememberedBytes: rememberedBytes)
        self.observer = observer
        // SAFETY: freed in deinit.
        api = .allocate(capacity: 1)
        api.initialize(to: made)
        super.init()
    }

    deinit {
        api.deinitialize(count: 1)
        api.deallocate()
    }

    override var requestKinds: Int { RequestKind.count }

    override var lentMemory: UnsafeRawBufferPointer { api.pointee.pages.lentMemory }

    override var observedFrom: Int64 { observer.threshold }

    override func observe(_ exchange: Exchange, microseconds: Int64) {
        observer.observe(exchange, microseconds: microseconds) { api.pointee.keyOwner(exchange) }
    }

    override func beginTurn() {
        api.pointee.pages.beginTurn()
        api.pointee.turnBytes.forget()
        do throws(StoreError) {
            try api.pointee.renew()
            api.pointee.failure = nil
        } catch {
            api.pointee.failure = error
        }
    }

    override func woken() {
        beginTurn()
        api.pointee.lookAfterFollowers()
    }

    override func tick() -> Bool {
        if api.pointee.followers.count == 0 { return false }
        woken()
        return true
    }

    override func leave() { api.pointee.followers.leave() }

    override func idle() {
        api.pointee.reader.rest()
        api.pointee.parser.shrink()
    }

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

    override func mayBeLong(_ exchange: Exchange) -> Bool {
        exchange.method == .get && OrderPath.mayBeLong(exchange.path)
    }

    override func admit(_ exchange: Exchange) {
        do throws(RequestRefusal) {
            var admitted = try api.pointee.admit(exchange)
            let request = admitted.request
            exchange.continuation = .admitted(request)
            if request.operation.streamsBody {
                if exchange.field(.relayMinSeq) != nil { try requireLeastPosition(exchange) }
                api.pointee.admitStreamedBody(of: request.operation, id: request.id, &admitted)
            } else {
                exchange.admitBody(upTo: request.operation.maxBodyBytes)
            }
        } catch {
            exchange.answer(error)
        }
        if exchange.isAnswered, api.pointee.isAuthenticated { api.pointee.sign(exchange) }
    }

    private func requireLeastPosition(_ exchange: Exchange) throws(RequestRefusal) {
        do throws(Problem) {
            try api.pointee.requireLeastPosition(exchange)
        } catch {
            throw .problem(error)
        }
    }

    override func receive(_ exchange: Exchange, _ bytes: UnsafeRawBufferPointer) -> Int {
        guard let upload = Upload.kept(by: exchange) else { return bytes.count }
        do throws(Problem) {
            try upload.checkStaging()
            return try upload.take(bytes)
        } catch {
            exchange.reject(error)
            api.pointee.sign(exchange)
            return bytes.count
        }
    }

    override func streamEnded(_ exchange: Exchange) { Upload.end(exchange) }

    override func refuse(_ exchange: Exchange, _ refusal: Refusal) {
        switch refusal {
        case .fieldsTooLarge: exchange.reject(.fieldsTooLarge)
        case .fieldRepeated(let field): exchange.reject(.repeated(field))
        case .bodyTooLarge:
            let operation = exchange.continuation.request?.operation
            exchange.reject(operation.map { .tooLarge($0) } ?? Problem(.contentTooLarge))
        case .bodyBudget: exchange.reject(.bodyBudget)
        case .bodyStalled:
            // Its files are not waited for any longer either.
            Upload.end(exchange)
            exchange.reject(.stalledBody)
        }
        let account = exchange.continuation.request?.account ?? 0
        if account > 0 { api.pointee.sign(exchange) }
    }

    override func answer(_ exchange: Exchange) {
        do throws(RequestRefusal) {
            var exchange = try api.pointee.admitted(exchange)
            if exchange.http.field(.relayMinSeq) != nil, api.pointee.waits(exchange) {
                return
            }
            if api.pointee.pages.answer(exchange, api.pointee.reader) {
                return api.pointee.sign(exchange.http)
            }
            exchange.setDeprecation()
            if exchange.account > 0 { api.pointee.sign(exchange.http) }
            api.pointee.answer(&exchange)
        } catch {
            exchange.answer(error)
            if api.pointee.isAuthenticated { api.pointee.sign(exchange) }
        }
    }

    override func refill(_ exchange: Exchange) {
        if let failure = api.pointee.failure { return api.pointee.fail(failure, exchange) }
        switch exchange.continuation {
        case .list(let next): api.pointee.continueList(next, exchange)
        case .selection(let next): api.pointee.continueSelection(next, exchange)
        case .blob(let next): api.pointee.continueBlob(next, exchange)
        case .follow(let next): api.pointee.continueFollowing(next, exchange)
        case .none, .admitted, .upload, .poll, .waited:
            preconditionFailure("an answer that goes on says where")
        }
    }
}
