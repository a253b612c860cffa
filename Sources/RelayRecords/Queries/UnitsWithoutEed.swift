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
        let units = try view.list(units, of: UInt64.self)
        let delivered = try view.list(delivered, of: UInt64.self)
        let total = try difference(units.count, delivered.count)
        page.total = total
        // Index of the next missing unit, and the place among all units behind the last one found.
        var index = start.skip
        var place: UInt64 = 0
        if let after = start.after {
            let key = after.recordID + 1
            place = try units.rank(of: key)
            index += try difference(place, try delivered.rank(of: key))
        }
        while index < total, page.keys.count < limit {
            place = try find(index, units, delivered, from: place)
            guard let id = try units.key(at: place) else {
                throw .corrupted(units.key, "its counts do not agree")
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
        _ index: UInt64, _ units: borrowing CountedList<UInt64>,
        _ delivered: borrowing CountedList<UInt64>, from start: UInt64
    ) throws(StoreError) -> UInt64 {
        let end = units.count
        // Steps that double, because the next missing unit is near as a rule; then bisection.
        var low = start
        var step: UInt64 = 1
        var high = start
        while high < end, try missing(through: high, units, delivered) <= index {
            low = high + 1
            high += step
            step *= 2
        }
        high = min(high, end)
        while low < high {
            let middle = (low + high) / 2
            if try missing(through: middle, units, delivered) <= index {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// How many of the units up to and with this place are missing.
    private func missing(
        through place: UInt64, _ units: borrowing CountedList<UInt64>,
        _ delivered: borrowing CountedList<UInt64>
    ) throws(StoreError) -> UInt64 {
        guard let id = try units.key(at: place) else {
            throw .corrupted(units.key, "its counts do not agree")
        }
        return try difference(place + 1, try delivered.rank(of: id + 1))
    }

    /// How many of some units have no data. None has data that is no unit.
    private func difference(
        _ unitCount: UInt64, _ deliveredCount: UInt64
    ) throws(StoreError) -> UInt64 {
        guard deliveredCount <= unitCount else {
            throw .corrupted(delivered, "it has units that the \(units) has not")
        }
        return unitCount - deliveredCount
    }
}
