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
    private let log: Log
    private let parser = JSONParser()
    private var keys: KeyReader
    /// Why the reader of keys could not be renewed.
    private var failure: StoreError?
    private let loadHandler: LoadHandler

    init(
        _ store: Store, _ writer: Writer, _ state: ServiceState, _ log: Log = .none
    ) throws(StoreError) {
        self.store = store
        self.writer = writer
        self.state = state
        self.log = log
        keys = KeyReader(reader: try store.makeReader())
        loadHandler = LoadHandler(writer)
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
        case (.post, "/admin/keys"): createKey(exchange)
        case (.post, LoadHandler.path): loadHandler.answer(exchange)
        case (.delete, _) where path.hasPrefix("/admin/keys/"): revokeKey(path, exchange)
        default:
            exchange.reject(
                Problem(
                    .notFound,
                    "the admin socket has /livez, /readyz, /metrics, /admin/stat, "
                        + "/admin/readers, /admin/keys and /admin/load"))
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
            exchange.answer(200, json: .object { keys.writeMembers(to: &$0) })
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

    private func createKey(_ exchange: Exchange) {
        let now = Timestamp.now
        guard let (account, label, expires) = newKey(exchange.body),
            expires.map({ $0 > now }) ?? true
        else {
            return exchange.reject(
                Problem(
                    .validation,
                    "expected {\"account\": 1…\(RelayStore.Limits.accounts - 1), \"label\"?: text "
                        + "of at most \(RelayStore.Limits.keyLabelBytes) bytes, \"expiresAt\"?: a "
                        + "time to come, such as 2027-02-06T11:00:00Z}"))
        }
        let token = exchange.suspend()
        let command = CreateKeyCommand(
            account: account, label: label, time: now.milliseconds, expires: expires?.milliseconds
        ) { [log] result in
            if case .success(let key) = result {
                let fields = Self.fields(key.record.id, account: key.record.account)
                log.write(.info, "key_created", nil, fields)
            }
            token.resume { exchange in
                switch result {
                case .success(let key):
                    exchange.answer(201, json: .object { key.writeMembers(to: &$0) })
                case .failure(let error): exchange.reject(Problem(error))
                }
            }
        }
        submit(command, token)
    }

    private func newKey(_ body: UnsafeRawBufferPointer) -> (UInt32, String, Timestamp?)? {
        guard let value = try? parser.parse(body), value.kind == .object else { return nil }
        var account: UInt32?
        var label = ""
        var expires: Timestamp?
        for (name, value) in value.members {
            if name.matches("account") {
                account = value.integer.flatMap { UInt32(exactly: $0) }
            } else if name.matches("label"), let text = value.string {
                label = String(text)
            } else if name.matches("expiresAt"), let text = value.string,
                let time = Timestamp(rfc3339: String(text))
            {
                expires = time
            } else {
                return nil
            }
        }
        guard let account, account > 0, account < RelayStore.Limits.accounts,
            label.utf8.count <= RelayStore.Limits.keyLabelBytes
        else { return nil }
        return (account, label, expires)
    }

    private func revokeKey(_ path: String, _ exchange: Exchange) {
        guard let id = UInt64(path.dropFirst("/admin/keys/".utf8.count)) else {
            return exchange.reject(
                Problem(
                    .notFound,
                    "the key's id is not a number: expected one that GET /admin/keys lists"))
        }
        let token = exchange.suspend()
        let command = RevokeKeyCommand(id: id) { [log] result in
            if case .success(true) = result {
                log.write(.info, "key_revoked", nil, Self.fields(id))
            }
            token.resume { exchange in
                switch result {
                case .success(true): exchange.respond(204)
                case .success(false): exchange.reject(Problem(.notFound, "there is no key \(id)"))
                case .failure(let error): exchange.reject(Problem(error))
                }
            }
        }
        submit(command, token)
    }

    /// What the log tells of a key. Its label is its owner's business.
    private static func fields(_ id: UInt64, account: UInt32? = nil) -> [LogEvent.Field] {
        let account = account.map { [LogEvent.Field("account", .number(Int($0)))] } ?? []
        return [("key", .number(Int(id)))] + account
    }

    private func submit(_ command: any WriteCommand, _ token: ExchangeToken) {
        if case .accepted = writer.submit(command) { return }
        token.resume { $0.reject(Problem(.unavailable, "too many writes are waiting: try again")) }
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
            state.writeReports(to: &json)
            json.endObject()
            exchange.answer(200, json: json.bytes)
        } catch {
            fail(error, exchange)
        }
    }
}

/// Reads keys. A struct of its own, because a class cannot hand out views of its reader.
private struct KeyReader: ~Copyable {
    var reader: StoreReader

    func all(of account: UInt32?) throws(StoreError) -> [APIKeyRecord] {
        try reader.view.apiKeys(account: account)
    }
}
