import HTTP2
import JSON
import Logs
import RelayContract
import RelayRecords
import RelayStore

/// `PATCH /admin/accounts/N`: gives an account a quota, as a command of the writer.
struct AccountHandler {
    let writer: Writer
    let log: Log
    let parser: JSONParser

    /// Where an account is, before its number.
    static let path = "/admin/accounts/"

    func set(_ path: String, _ exchange: Exchange) {
        guard let account = UInt32(path.dropFirst(Self.path.utf8.count)), account > 0,
            account < RelayStore.Limits.accounts
        else {
            return exchange.reject(
                Problem(
                    .notFound,
                    "expected an account: a number from 1 to \(RelayStore.Limits.accounts - 1)"))
        }
        guard let quota = quota(exchange.body) else {
            return exchange.reject(
                Problem(
                    .validation,
                    "expected {\"quota\": bytes, or null for no limit on what is counted}"))
        }
        writer.carryOut(
            SetQuota(of: account, to: quota), in: (), for: exchange,
            noting: { [log] _ in
                let fields: [LogEvent.Field] = [("account", .number(Int(account)))]
                log.write(.info, "quota_set", nil, fields)
            }
        ) { use, exchange in
            exchange.answer(200, json: .object { use.writeMembers(to: &$0) })
        }
    }

    /// The quota that a body asks for, or none; nil when it asks for neither.
    private func quota(_ body: UnsafeRawBufferPointer) -> UInt64?? {
        guard let value = try? parser.parse(body), value.kind == .object else { return nil }
        var quota: UInt64?? = nil
        for (name, value) in value.members {
            guard name.matches("quota") else { return nil }
            if value.kind == .null {
                quota = .some(nil)
            } else {
                guard let number = value.integer.flatMap({ UInt64(exactly: $0) }) else {
                    return nil
                }
                quota = number
            }
        }
        return quota
    }
}
