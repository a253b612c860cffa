/// The lines of `top` about who asks: keys, and the accounts that they belong to.
extension TopTable {
    /// Requests by key in between, and those that a limit has refused; most first.
    var keys: [String] {
        let asked = Self.changes(after.keyRequests, before.keyRequests).filter { $0.count > 0 }
        let refused = Self.changes(after.refusals, before.refusals)
        return asked.prefix(Limits.keysShown).map { key in
            (key.id == 0 ? "key       others" : "key       \(key.id)")
                + "  \(perSecond(key.count))/s"
        }
            + refused.prefix(Limits.keysShown).map { key in
                "refused   key \(key.id)  \(perSecond(key.count))/s, \(key.all) since the start"
            }
    }

    /// Accounts whose use is counted; those first that have least left of their quota.
    var accounts: [String] {
        let fullest = after.accounts.sorted { one, other in
            (other.share, other.used, one.number) < (one.share, one.used, other.number)
        }
        return fullest.prefix(Limits.keysShown).map { account in
            let limit = account.quota.map { " of \(bytes($0)), \(account.share) %" } ?? ""
            let refused = account.refused > 0 ? "   \(account.refused) refused" : ""
            return "account   \(account.number)  \(bytes(account.used))" + limit + refused
        }
    }

    /// What counts have grown by, the most first; those that are 0 are left out.
    private static func changes(
        _ after: [Int: Int], _ before: [Int: Int]
    ) -> [(id: Int, count: Int, all: Int)] {
        let changed = after.map { id, count in
            (id: id, count: max(0, count - (before[id] ?? 0)), all: count)
        }
        return changed.filter { $0.all > 0 }
            .sorted { ($1.count, $1.all, $0.id) < ($0.count, $0.all, $1.id) }
    }
}

extension TopSample.Account {
    /// How much of the quota is used, in per cent; 0 without one.
    var share: Int {
        guard let quota else { return 0 }
        return quota == 0 ? 100 : Int(Double(used) / Double(quota) * 100)
    }
}
