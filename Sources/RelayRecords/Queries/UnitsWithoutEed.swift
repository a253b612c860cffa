import CivilTime
import JSON
import RelayStore

/// The units of an account that have no energy data of a month.
///
/// Units are never deleted, so those with data are a part of all units: how many are missing up to
/// some place is the difference of two ranks. The n-th of them is found by bisection over that,
/// without a walk over those that are there.
public struct UnitsWithoutEed {
    /// The month.
    public let month: CalendarMonth
    private let units: ListKey
    private let delivered: ListKey

    /// A selection; nothing is read yet.
    public init(account: UInt32, _ month: CalendarMonth) {
        self.month = month
        units = RecordList.units.key(account)
        delivered = RecordList.unitsWithEed.key(account, UInt64(month.number))
    }

    /// Fills a page, by ascending id.
    public func fill(
        _ page: SelectedPage, _ view: borrowing StoreView, from start: SelectionStart,
        limit: Int
    ) throws(StoreError) {
        precondition(limit >= 0, "a page has a limit")
        page.reset()
        let unitCount = try view.count(units)
        let total = try Self.difference(unitCount, try view.count(delivered))
        page.total = total
        // Index of the next missing unit, and the place among all units behind the last one found.
        var index = start.skip
        var place: UInt64 = 0
        if let after = start.after {
            let key = after.recordID + 1
            place = try view.rank(of: key, in: units)
            index += try Self.difference(place, try view.rank(of: key, in: delivered))
        }
        while index < total, page.keys.count < limit {
            place = try find(index, view, from: place, to: unitCount)
            guard let id = try view.key(at: place, in: units) else {
                throw .corrupted(what: "a list's counts")
            }
            page.append(id: id)
            index += 1
            place += 1
        }
        precondition(page.count <= limit, "a page has no more than its limit")
        page.isLast = index >= total
        page.next.after = page.keys.last
    }

    /// The place among all units of the missing one with this index, which is not before `low`.
    private func find(
        _ index: UInt64, _ view: borrowing StoreView, from start: UInt64, to end: UInt64
    ) throws(StoreError) -> UInt64 {
        // Steps that double, because the next missing unit is near as a rule; then bisection.
        var low = start
        var step: UInt64 = 1
        var high = start
        while high < end, try missing(through: high, view) <= index {
            low = high + 1
            high += step
            step *= 2
        }
        high = min(high, end)
        while low < high {
            let middle = (low + high) / 2
            if try missing(through: middle, view) <= index {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// How many of the units up to and with this place are missing.
    private func missing(
        through place: UInt64, _ view: borrowing StoreView
    ) throws(StoreError) -> UInt64 {
        guard let id = try view.key(at: place, in: units) else {
            throw .corrupted(what: "a list's counts")
        }
        return try Self.difference(place + 1, try view.rank(of: id + 1, in: delivered))
    }

    /// How many of some units have no data. None has data that is no unit.
    private static func difference(
        _ units: UInt64, _ delivered: UInt64
    ) throws(StoreError) -> UInt64 {
        guard delivered <= units else { throw .corrupted(what: "a list of units with energy data") }
        return units - delivered
    }
}
