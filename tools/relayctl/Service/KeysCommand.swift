import CivilTime
import JSON
import Options

/// `relayctl keys …`: through relayd while it runs, else in the store itself.
enum KeysCommand {
    static func create(_ arguments: Arguments) throws(CommandError) -> Report {
        let account = arguments[Commands.account]
        let label = arguments[Commands.label]
        let expires = try arguments[Commands.expires].map { text throws(CommandError) in
            try expiry(text)
        }
        switch try StoreAccess(arguments) {
        case .running(let relayd):
            let body = Report { writer in
                writer.member("account", account)
                if let label { writer.member("label", label) }
                if let expires { writer.member("expiresAt", expires) }
            }
            return Report(json: try relayd.perform("POST", "/admin/keys", body: body.json))
        case .direct(let keeper):
            return try keeper.createKey(account: account, label: label, expires: expires)
        }
    }

    /// A time to come: so long from now, or a moment.
    private static func expiry(_ text: String) throws(CommandError) -> Timestamp {
        let now = Timestamp.now
        if let length = Kind.duration(Limits.keyDuration).number(text) {
            return Timestamp(milliseconds: now.milliseconds + Int64(length))
        }
        guard let time = Timestamp(rfc3339: text), time > now else {
            throw .usage(
                "--expires: expected a duration such as 90d, or a time to come such as "
                    + "2027-02-06T11:00:00Z, got '\(text)'")
        }
        return time
    }

    static func list(_ arguments: Arguments) throws(CommandError) -> Report {
        let account = arguments[Commands.account]
        switch try StoreAccess(arguments, isReading: true) {
        case .running(let relayd):
            return Report(json: try relayd.perform("GET", "/admin/keys?account=\(account)"))
        case .direct(let keeper):
            return try keeper.listKeys(account: account)
        }
    }

    static func revoke(_ arguments: Arguments) throws(CommandError) -> Report {
        let text = arguments[Commands.keyId]
        guard let id = UInt64(text), id > 0 else { throw .badKeyId(text) }
        switch try StoreAccess(arguments) {
        case .running(let relayd):
            _ = try relayd.perform("DELETE", "/admin/keys/\(id)")
        case .direct(let keeper):
            try keeper.revokeKey(id)
        }
        return Report { $0.member("revoked", id) }
    }
}

/// `relayctl stat`: the same figures from relayd or from the store itself.
enum StatCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        switch try StoreAccess(arguments, isReading: true) {
        case .running(let relayd): Report(json: try relayd.perform("GET", "/admin/stat"))
        case .direct(let keeper): try keeper.stat()
        }
    }
}
