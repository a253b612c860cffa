import CivilTime
import RelayContract
import RelayStore

/// Records that a request names one by one, in its order: by their ids, or by names of the client's.
public struct NamedRecords {
    /// The kind of record.
    public let resource: Resource
    private let account: UInt32
    private let ids: [UInt64]

    /// Records by their ids; nothing is read yet.
    public init(account: UInt32, _ resource: Resource, ids: [UInt64]) {
        self.account = account
        self.resource = resource
        self.ids = ids
    }

    /// The record that has all of the names that are given: one lookup for each. With a time, only if
    /// it was changed then or later.
    public init(
        account: UInt32, _ resource: Resource, externalID: String?, internalID: String?,
        updatedSince since: Timestamp?, in view: borrowing StoreView
    ) throws(StoreError) {
        var found: UInt64?
        var isOne = true
        for (index, name) in [(UniqueIndex.externalID, externalID), (.internalID, internalID)] {
            guard let name else { continue }
            let id = try view.record(named: UniqueKey(account, index, resource, name))
            isOne = isOne && id != nil && (found ?? id) == id
            found = id
        }
        if isOne, let since, let id = found {
            isOne = try view.updateKey(resource, id, account) >= since.listKey
        }
        self.init(account: account, resource, ids: isOne ? found.map { [$0] } ?? [] : [])
    }

    /// The ids that name no record, in the order asked.
    public func missing(_ view: borrowing StoreView) throws(StoreError) -> [UInt64] {
        var missing: [UInt64] = []
        for id in ids where try !exists(id, view) { missing.append(id) }
        return missing
    }

    /// Fills a page. What it is sorted by is the place among the ids.
    public func fill(
        _ page: SelectedPage, _ view: borrowing StoreView, from start: SelectionStart, limit: Int
    ) throws(StoreError) {
        page.reset()
        let first = start.after.map { Int($0 >> 64) + 1 } ?? 0
        var skip = start.skip
        var total: UInt64 = 0
        for (place, id) in ids.enumerated() where try exists(id, view) {
            total += 1
            if place < first { continue }
            if skip > 0 {
                skip -= 1
            } else if page.keys.count < limit {
                page.append(UInt128(UInt64(place), id))
            } else {
                page.isLast = false
            }
        }
        page.total = total
        page.next.after = page.keys.last
    }

    /// How many ids there are.
    public var count: Int { ids.count }

    private func exists(_ id: UInt64, _ view: borrowing StoreView) throws(StoreError) -> Bool {
        guard Resource.isStorable(id) else { return false }
        return try view.document(resource.key(account, id)) != nil
    }
}

extension StoreView {
    /// The number of a text that units have as their mscNumber, which is the parameter of their list; 0 when
    /// no unit ever had it.
    public func number(ofMscNumber text: String, account: UInt32) throws(StoreError) -> UInt64 {
        let term = ListTerm(account: account, kind: .unitMscNumber, text: text)
        return try record(named: term.name) ?? 0
    }
}
