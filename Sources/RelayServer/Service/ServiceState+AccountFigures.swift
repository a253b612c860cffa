import JSON
import Metrics
import RelayRecords
import RelayStore

/// What accounts use, of those of which it is counted.
extension ServiceState {
    /// Member `accountUses` of `/admin/stat`.
    func writeAccounts(_ store: Store, to json: inout JSONWriter) throws(StoreError) {
        json.name("accountUses")
        json.beginArray()
        for use in try store.makeReader().view.accountUses() {
            json.beginObject()
            use.writeMembers(to: &json)
            json.member("refused", quotaRefusals[use.account])
            json.endObject()
        }
        json.endArray()
    }

    /// For `/metrics`.
    func accountFigures(_ store: Store) throws(StoreError) -> [Figure] {
        let uses = try store.makeReader().view.accountUses()
        func by(_ use: AccountUse) -> [Exposition.Label] { [("account", "\(use.account)")] }
        let used = uses.map {
            Figure(
                nil, "relay_account_used_bytes", .gauge($0.bytes), by: by($0),
                "Bytes of an account's records and files, where they are counted.")
        }
        let quotas = uses.compactMap { use in
            use.quota.map {
                Figure(
                    nil, "relay_account_quota_bytes", .gauge($0), by: by(use),
                    "Bytes that an account may use.")
            }
        }
        let refused = uses.map {
            Figure(
                nil, "relay_account_refused", .counter(quotaRefusals[$0.account]), by: by($0),
                "Requests that the quota of an account has refused.")
        }
        return used + quotas + refused
    }
}
