import CivilTime
import HTTP2
import JSON
import Logs
import RelayContract
import RelayRecords
import RelayStore

/// Admin requests that change keys: commands of the writer, and lines of the log.
struct KeyHandler {
    let writer: Writer
    let log: Log
    let parser: JSONParser

    /// Where a key is, before its id.
    static let path = "/admin/keys/"

    /// `POST /admin/keys`: makes a key.
    func create(_ exchange: Exchange) {
        let now = Timestamp.now
        guard let new = KeyRequest(exchange.body, parser), let account = new.account,
            account > 0, account < RelayStore.Limits.accounts,
            new.label?.utf8.count ?? 0 <= RelayStore.Limits.keyLabelBytes,
            new.expires.map({ $0 > now }) ?? true
        else {
            return exchange.reject(
                Problem(
                    .validation,
                    "expected {\"account\": 1…\(RelayStore.Limits.accounts - 1), \"label\"?: text "
                        + "of at most \(RelayStore.Limits.keyLabelBytes) bytes, \"expiresAt\"?: a "
                        + "time to come, such as 2027-02-06T11:00:00Z, \(KeyRequest.limitsForm)}"))
        }
        let token = exchange.suspend()
        // Only who asked is told the text; the command has no more than the store will have.
        let text = APIKeyText.random()
        let request = CreateKey(
            account: account, label: new.label ?? "", time: now.milliseconds,
            expires: new.expires?.milliseconds, limits: new.limits.applied(to: KeyLimits()),
            digest: APIKeyText.digest(of: text))
        let command = PendingCommand(request) { [log] result in
            if case .success(let record) = result {
                let fields = Self.fields(record.id, account: record.account)
                log.write(.info, "key_created", nil, fields)
            }
            token.resume { exchange in
                switch result {
                case .success(let record):
                    let key = NewAPIKey(text: text, record: record)
                    exchange.answer(201, json: .object { key.writeMembers(to: &$0) })
                case .failure(let error): exchange.reject(Problem(error))
                }
            }
        }
        submit(command, token)
    }

    /// `PATCH /admin/keys/ID`: sets limits.
    func setLimits(_ path: String, _ exchange: Exchange) {
        guard let id = keyID(path, exchange) else { return }
        guard let new = KeyRequest(exchange.body, parser), !new.limits.isEmpty,
            new.account == nil, new.label == nil, new.expires == nil
        else {
            return exchange.reject(
                Problem(.validation, "expected {\(KeyRequest.limitsForm)}, one of them at least"))
        }
        let token = exchange.suspend()
        let command = PendingCommand(LimitKey(id, new.limits)) { [log] result in
            if case .success(.some) = result {
                log.write(.info, "key_limits_set", nil, Self.fields(id))
            }
            token.resume { exchange in
                switch result {
                case .success(let record?):
                    exchange.answer(200, json: .object { record.writeMembers(to: &$0) })
                case .success(nil): exchange.reject(.noKey(id))
                case .failure(let error): exchange.reject(Problem(error))
                }
            }
        }
        submit(command, token)
    }

    /// The id in the path of a key; answers if it is none.
    private func keyID(_ path: String, _ exchange: Exchange) -> UInt64? {
        if let id = UInt64(path.dropFirst(Self.path.utf8.count)) { return id }
        exchange.reject(
            Problem(
                .notFound, "the key's id is not a number: expected one that GET /admin/keys lists"))
        return nil
    }

    /// `DELETE /admin/keys/ID`: ends a key.
    func revoke(_ path: String, _ exchange: Exchange) {
        guard let id = keyID(path, exchange) else { return }
        let token = exchange.suspend()
        let command = PendingCommand(RevokeKey(id)) { [log] result in
            if case .success(true) = result {
                log.write(.info, "key_revoked", nil, Self.fields(id))
            }
            token.resume { exchange in
                switch result {
                case .success(true): exchange.respond(204)
                case .success(false): exchange.reject(.noKey(id))
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
        guard let problem = Problem(writer.submit(command)) else { return }
        token.resume { $0.reject(problem) }
    }
}

extension Problem {
    /// 404: no key in force has this id.
    fileprivate static func noKey(_ id: UInt64) -> Problem {
        Problem(.notFound, "there is no key \(id)")
    }
}
