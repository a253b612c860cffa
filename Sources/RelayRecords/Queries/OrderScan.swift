import RelayStore

/// What a scan of the driving index has left.
struct OrderScan {
    let residual: [OrderPredicate.Condition]
    let account: UInt32
    var budget: Int
    var skip: UInt64
    /// Whether the page is done before the list is.
    var isEnded = false

    /// Looks at an order of the index; false when the scan ends.
    mutating func take(
        _ key: UInt128, _ page: SelectedPage, _ view: borrowing StoreView, _ limit: Int
    ) throws(StoreError) -> Bool {
        if !residual.isEmpty { budget -= 1 }
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
