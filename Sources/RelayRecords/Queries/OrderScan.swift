import RelayStore

/// What a scan of the driving index has left.
struct OrderScan {
    private let residual: [OrderPredicate.Condition]
    /// What an order takes of the budget.
    private let cost: Int
    private let account: UInt32
    private var budget: Int
    var skip: UInt64
    /// Whether the page is done before the list is.
    private(set) var isEnded = false

    init(residual: [OrderPredicate.Condition], account: UInt32, budget: Int, skip: UInt64) {
        self.residual = residual
        self.account = account
        self.budget = budget
        self.skip = skip
        cost = residual.isEmpty ? 0 : residual.lookupsPerRecord
    }

    /// Looks at an order of the index; false when the scan ends.
    mutating func take(
        _ key: UInt128, _ page: SelectedPage, _ view: borrowing StoreView, _ limit: Int
    ) throws(StoreError) -> Bool {
        budget -= cost
        var isMet = true
        for condition in residual where try !view.meets(condition, key.recordID, account) {
            isMet = false
            break
        }
        if isMet {
            if page.keys.count == limit {
                // One more than the page holds: that is how it is known not to be the last.
                page.isLast = false
                page.next.after = page.keys.last
                isEnded = true
                return false
            }
            if skip > 0 { skip -= 1 } else { page.append(key) }
        }
        if residual.isEmpty || budget > 0 { return true }
        page.isLast = false
        page.next = SelectionStart(after: key, skip: skip)
        isEnded = true
        return false
    }
}
