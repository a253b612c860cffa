import JSON
import Options
import RelayRecords
import RelayStore

/// `relayctl accounts …`: through relayd while it runs, else in the store itself.
enum AccountsCommand {
    static func set(_ arguments: Arguments) throws(CommandError) -> Report {
        let number = arguments[Commands.accountNumber]
        guard let account = Kind.integer(1...Limits.highestAccount).number(number) else {
            throw .usage(
                "ACCOUNT: expected a number from 1 to \(Limits.highestAccount), got '\(number)'")
        }
        let text = arguments[Commands.quota]
        let quota = Kind.size(0...Limits.largestQuota).number(text)
        guard quota != nil || text == "none" else {
            throw .usage("--quota: expected none, or a size such as 10GiB; got '\(text)'")
        }
        switch try StoreAccess(arguments) {
        case .running(let relayd):
            let body = Report { writer in
                writer.name("quota")
                if let quota { writer.value(quota) } else { writer.null() }
            }
            let answer = try relayd.perform("PATCH", "/admin/accounts/\(account)", body: body.json)
            return Report(json: answer)
        case .direct(let keeper):
            return try keeper.setQuota(of: UInt32(account), to: quota.map { UInt64($0) })
        }
    }

    static func list(_ arguments: Arguments) throws(CommandError) -> Report {
        switch try StoreAccess(arguments, isReading: true) {
        case .running(let relayd): Report(json: try relayd.perform("GET", "/admin/accounts"))
        case .direct(let keeper): try keeper.listAccounts()
        }
    }
}

extension StoreKeeper {
    fileprivate func setQuota(
        of account: UInt32, to quota: UInt64?
    ) throws(CommandError) -> Report {
        let use = try lifting { () throws(StoreError) in
            try store.write { transaction throws(StoreError) in
                try transaction.setQuota(of: account, to: quota)
            }
        }
        return Report { use.writeMembers(to: &$0) }
    }

    fileprivate func listAccounts() throws(CommandError) -> Report {
        let uses = try lifting { () throws(StoreError) in
            try store.makeReader().view.accountUses()
        }
        return Report { uses.writeMembers(to: &$0) }
    }
}
