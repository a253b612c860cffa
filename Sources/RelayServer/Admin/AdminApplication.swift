import CivilTime
import HTTP2
import JSON
import Logs
import Metrics
import RelayContract
import RelayRecords
import RelayStore

/// Answers the admin socket: health, API keys, statistics. Who may open the socket may do all of
/// this, so the socket's permissions are the key.
final class AdminApplication: Application {
    private let store: Store
    private let writer: Writer
    private let state: ServiceState
    private let parser = JSONParser()
    private var keys: KeyReader
    /// Why the reader of keys could not be renewed.
    private var failure: StoreError?
    private let loadHandler: LoadHandler
    private let keyHandler: KeyHandler
    private let accountHandler: AccountHandler
    private let replicasHandler: ReplicasHandler

    init(
        _ store: Store, _ writer: Writer, _ state: ServiceState, _ log: Log = .none
    ) throws(StoreError) {
        self.store = store
        self.writer = writer
        self.state = state
        keys = KeyReader(reader: try store.makeReader())
        loadHandler = LoadHandler(writer)
        keyHandler = KeyHandler(writer: writer, log: log, parser: parser)
        accountHandler = AccountHandler(writer: writer, log: log, parser: parser)
        replicasHandler = ReplicasHandler(writer: writer, log: log)
        super.init()
    }

    override func beginTurn() {
        parser.shrink()
        do throws(StoreError) {
            try keys.reader.renewIfStale()
            failure = nil
        } catch {
            failure = error
        }
    }

    override func idle() {
        keys.reader.rest()
        parser.shrink()
    }

    override func admit(_ exchange: Exchange) {
        let isLoad = exchange.path.elementsEqual(LoadHandler.path.utf8)
        exchange.admitBody(upTo: isLoad ? Limits.loadBodyBytes : Limits.adminBodyBytes)
    }

    override func refuse(_ exchange: Exchange, _ refusal: Refusal) {
        switch refusal {
        case .bodyStalled: exchange.reject(.stalledBody)
        case .fieldsTooLarge: exchange.reject(.fieldsTooLarge)
        case .fieldRepeated(let field): exchange.reject(.repeated(field))
        case .bodyBudget: exchange.reject(.bodyBudget)
        case .bodyTooLarge:
            exchange.reject(
                Problem(
                    .contentTooLarge,
                    "an admin request has at most \(Limits.adminBodyBytes) bytes, "
                        + "a load \(Limits.loadBodyBytes)"))
        }
    }

    override func answer(_ exchange: Exchange) {
        let path = String(decoding: RequestTarget(exchange).path, as: UTF8.self)
        switch (exchange.method, path) {
        case (.get, "/livez"), (.head, "/livez"):
            exchange.answer(200, json: Readiness.alive)
        case (.get, "/readyz"), (.head, "/readyz"): ready(exchange)
        case (.get, "/metrics"), (.head, "/metrics"): metrics(exchange)
        case (.get, "/admin/stat"): statistics(exchange)
        case (.get, "/admin/readers"): readers(exchange, clearsDead: false)
        case (.delete, "/admin/readers"): readers(exchange, clearsDead: true)
        case (.get, "/admin/keys"): listKeys(exchange)
        case (.post, "/admin/keys"): keyHandler.create(exchange)
        case (.get, "/admin/accounts"): listAccounts(exchange)
        case (.get, ReplicasHandler.path): replicasHandler.list(exchange)
        case (.post, ReplicasHandler.markPath): replicasHandler.mark(exchange)
        case (.post, ReplicasHandler.levelPath): replicasHandler.raise(exchange)
        case (.delete, _) where path.hasPrefix(ReplicasHandler.hostPath):
            replicasHandler.forget(path, exchange)
        case (.patch, _) where path.hasPrefix(AccountHandler.path):
            accountHandler.set(path, exchange)
        case (.post, LoadHandler.path): loadHandler.answer(exchange)
        case (.delete, _) where path.hasPrefix(KeyHandler.path): keyHandler.revoke(path, exchange)
        case (.patch, _) where path.hasPrefix(KeyHandler.path):
            keyHandler.setLimits(path, exchange)
        default:
            exchange.reject(
                Problem(
                    .notFound,
                    "the admin socket has /livez, /readyz, /metrics, /admin/stat, "
                        + "/admin/readers, /admin/keys, /admin/accounts, /admin/replicas and "
                        + "/admin/load"))
        }
    }

    private func ready(_ exchange: Exchange) {
        switch Readiness(store, state) {
        case .ready(let body): exchange.answer(200, json: body)
        case .notReady(let problem): exchange.reject(problem)
        }
    }

    // MARK: Keys

    private func listKeys(_ exchange: Exchange) {
        guard let account = accountParameter(RequestTarget(exchange).query) else {
            return exchange.reject(
                Problem(
                    .badRequest,
                    "expected `account=` and a number from 1 to \(RelayStore.Limits.accounts - 1)")
            )
        }
        do throws(StoreError) {
            // A reader that could not be renewed shows nothing.
            if let failure { throw failure }
            let keys = try keys.all(of: account == 0 ? nil : account)
            let refused = state.allowances.refused
            exchange.answer(
                200,
                json: .object { json in
                    keys.writeMembers(to: &json) { key, json in
                        Self.write(refused.filter { $0.key == key.id }, to: &json)
                    }
                })
        } catch {
            fail(error, exchange)
        }
    }

    /// Member `refused`: requests that were refused since the start, if any, by the name of the limit.
    private static func write(
        _ refused: [KeyAllowances.Refused], to json: inout JSONWriter
    ) {
        if refused.allSatisfy({ $0.count == 0 }) { return }
        json.name("refused")
        json.beginObject()
        for refused in refused { json.member(refused.limit.name, refused.count) }
        json.endObject()
    }

    /// Accounts of which it is counted what they use.
    private func listAccounts(_ exchange: Exchange) {
        do throws(StoreError) {
            if let failure { throw failure }
            let uses = try keys.uses()
            let refusals = state.quotaRefusals
            exchange.answer(
                200,
                json: .object { json in
                    uses.writeMembers(to: &json) { use, json in
                        let refused = refusals[use.account]
                        if refused > 0 { json.member("refused", refused) }
                    }
                })
        } catch {
            fail(error, exchange)
        }
    }

    /// `account=N`: 0 without it, for all accounts; nil when N is none.
    private func accountParameter(_ query: UnsafeRawBufferPointer) -> UInt32? {
        let text = String(decoding: query, as: UTF8.self)
        guard text.hasPrefix("account=") else { return 0 }
        return UInt32(text.dropFirst(8)).flatMap {
            (1..<RelayStore.Limits.accounts).contains($0) ? $0 : nil
        }
    }

    /// Answers a request for which something in the store could not be read.
    private func fail(_ error: StoreError, _ exchange: Exchange) {
        state.health.readFailed(error)
        exchange.reject(Problem(error))
    }

    // MARK: Statistics

    /// The reader table; DELETE frees the slots of processes that died, and of no others.
    private func readers(_ exchange: Exchange, clearsDead: Bool) {
        do throws(StoreError) {
            let cleared = clearsDead ? try store.clearDeadReaders() : nil
            var json = JSONWriter()
            json.beginObject()
            try store.writeReaders(to: &json, cleared: cleared)
            json.endObject()
            exchange.answer(200, json: json.bytes)
        } catch {
            fail(error, exchange)
        }
    }

    private func metrics(_ exchange: Exchange) {
        let format = exchange.field(.accept).map { Exposition.Format(accept: $0) } ?? .prometheus
        do throws(StoreError) {
            let text = try ServiceFigures(store, writer, state).exposition(format)
            exchange.respond(200)
            exchange.set(.contentType, format.mediaType)
            exchange.setBody(copying: text)
        } catch {
            fail(error, exchange)
        }
    }

    private func statistics(_ exchange: Exchange) {
        do throws(StoreError) {
            var json = JSONWriter()
            json.beginObject()
            try store.writeStatistics(to: &json)
            ServiceFigures(store, writer, state).writeMembers(to: &json)
            try state.writeAccounts(store, to: &json)
            state.writeReports(to: &json)
            json.endObject()
            exchange.answer(200, json: json.bytes)
        } catch {
            fail(error, exchange)
        }
    }
}

/// Reads keys and accounts. A struct of its own, because a class cannot hand out views of its reader.
private struct KeyReader: ~Copyable {
    var reader: StoreReader

    func all(of account: UInt32?) throws(StoreError) -> [APIKeyRecord] {
        try reader.view.apiKeys(account: account)
    }

    func uses() throws(StoreError) -> [AccountUse] { try reader.view.accountUses() }
}
