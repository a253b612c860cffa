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
        // Only who asked is told the text; the command has no more than the store will have.
        let text = APIKeyText.random()
        let request = CreateKey(
            account: account, label: new.label ?? "", time: now.milliseconds,
            expires: new.expires?.milliseconds, limits: new.limits.applied(to: KeyLimits()),
            digest: APIKeyText.digest(of: text))
        writer.carryOut(
            request, in: (), for: exchange,
            noting: { [log] record in
                let fields = Self.fields(record.id, account: record.account)
                log.write(.info, "key_created", nil, fields)
            }
        ) { record, exchange in
            let key = NewAPIKey(text: text, record: record)
            exchange.answer(201, json: .object { key.writeMembers(to: &$0) })
        }
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
        writer.carryOut(
            LimitKey(id, new.limits), in: (), for: exchange,
            noting: { [log] record in
                if record != nil { log.write(.info, "key_limits_set", nil, Self.fields(id)) }
            }
        ) { record, exchange in
            guard let record else { return exchange.reject(.noKey(id)) }
            exchange.answer(200, json: .object { record.writeMembers(to: &$0) })
        }
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
        writer.carryOut(
            RevokeKey(id), in: (), for: exchange,
            noting: { [log] isRevoked in
                if isRevoked { log.write(.info, "key_revoked", nil, Self.fields(id)) }
            }
        ) { isRevoked, exchange in
            if isRevoked { exchange.respond(204) } else { exchange.reject(.noKey(id)) }
        }
    }

    /// What the log tells of a key. Its label is its owner's business.
    private static func fields(_ id: UInt64, account: UInt32? = nil) -> [LogEvent.Field] {
        let account = account.map { [LogEvent.Field("account", .number(Int($0)))] } ?? []
        return [("key", .number(Int(id)))] + account
    }
}

extension Problem {
    /// 404: no key in force has this id.
    fileprivate static func noKey(_ id: UInt64) -> Problem {
        Problem(.notFound, "there is no key \(id)")
    }
}
