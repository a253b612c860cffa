import CivilTime
import JSON
import Options
import RelayStore

/// `relayctl keys …`: through relayd while it runs, else in the store itself.
enum KeysCommand {
    static func create(_ arguments: Arguments) throws(CommandError) -> Report {
        let account = arguments[Commands.account]
        let label = arguments[Commands.label]
        let expires = try arguments[Commands.expires].map { text throws(CommandError) in
            try expiry(text)
        }
        let limits = try limits(arguments)
        switch try StoreAccess(arguments) {
        case .running(let relayd):
            let body = Report { writer in
                writer.member("account", account)
                if let label { writer.member("label", label) }
                if let expires { writer.member("expiresAt", expires) }
                limits.writeMembers(to: &writer)
            }
            return retractable(
                Report(json: try relayd.perform("POST", "/admin/keys", body: body.json))
            ) { id throws(CommandError) in
                _ = try relayd.perform("DELETE", "/admin/keys/\(id)")
            }
        case .direct(let keeper):
            return retractable(
                try keeper.createKey(
                    account: account, label: label, expires: expires,
                    limits: limits.applied(to: KeyLimits()))
            ) { id throws(CommandError) in
                try keeper.revokeKey(id)
            }
        }
    }

    /// A report with a new key, whose text stands nowhere else: what nobody has read is revoked.
    private static func retractable(
        _ report: Report, _ revoke: @escaping (UInt64) throws(CommandError) -> Void
    ) -> Report {
        guard let id = report.text("id", or: "id").flatMap({ UInt64($0) }) else { return report }
        var report = report
        report.retract = {
            do throws(CommandError) {
                try revoke(id)
                return "key \(id) could not be printed, and nobody knows it: it is revoked"
            } catch {
                return
                    "key \(id) could not be printed, nobody knows it, and it is not revoked (\(error)): "
                    + "relayctl keys revoke \(id)"
            }
        }
        return report
    }

    static func set(_ arguments: Arguments) throws(CommandError) -> Report {
        let id = try keyID(arguments)
        let limits = try limits(arguments)
        if limits.isEmpty {
            throw .usage(
                "nothing is to be set: give --rate, --write-rate or --uploads, each with a limit "
                    + "or none")
        }
        switch try StoreAccess(arguments) {
        case .running(let relayd):
            let body = Report { limits.writeMembers(to: &$0) }
            let answer = try relayd.perform("PATCH", "/admin/keys/\(id)", body: body.json)
            return Report(json: answer)
        case .direct(let keeper):
            return try keeper.setLimits(of: id, limits)
        }
    }

    /// The limits that are named.
    private static func limits(_ arguments: Arguments) throws(CommandError) -> KeyLimitsPatch {
        var limits = KeyLimitsPatch()
        limits.requests = try limit(arguments, Commands.rate, RequestRate.form) { RequestRate($0) }
        limits.writes = try limit(
            arguments, Commands.writeRate, RequestRate.form
        ) { RequestRate($0) }
        limits.uploads = try limit(
            arguments, Commands.uploads,
            "a whole number from 1 to \(RelayStore.Limits.uploadsOfKey)"
        ) { text in
            Kind.integer(1...RelayStore.Limits.uploadsOfKey).number(text).map { UInt32($0) }
        }
        return limits
    }

    /// What an option says: a limit, or none; nil if it is not there.
    private static func limit<Limit>(
        _ arguments: Arguments, _ option: Option<String?>, _ form: String,
        _ read: (String) -> Limit?
    ) throws(CommandError) -> Limit?? {
        guard let text = arguments[option] else { return nil }
        if text == "none" { return .some(nil) }
        guard let limit = read(text) else {
            throw .usage("--\(option.description.name): expected none, or \(form); got '\(text)'")
        }
        return .some(limit)
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
        let id = try keyID(arguments)
        switch try StoreAccess(arguments) {
        case .running(let relayd):
            _ = try relayd.perform("DELETE", "/admin/keys/\(id)")
        case .direct(let keeper):
            try keeper.revokeKey(id)
        }
        return Report { $0.member("revoked", id) }
    }

    private static func keyID(_ arguments: Arguments) throws(CommandError) -> UInt64 {
        let text = arguments[Commands.keyId]
        guard let id = UInt64(text), id > 0 else { throw .badKeyId(text) }
        return id
    }
}

extension KeyLimitsPatch {
    /// Members of an admin request: what is set, and null for what is taken away.
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        func write(_ name: StaticString, _ value: (inout JSONWriter) -> Void) {
            writer.name(name)
            value(&writer)
        }
        if let requests { write("rate") { $0.value(requests) } }
        if let writes { write("writeRate") { $0.value(writes) } }
        if let uploads {
            write("uploads") { json in
                if let uploads { json.value(UInt64(uploads)) } else { json.null() }
            }
        }
    }
}

extension JSONWriter {
    /// A rate as text; null for no limit.
    fileprivate mutating func value(_ rate: RequestRate?) {
        if let rate { value("\(rate)") } else { null() }
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
