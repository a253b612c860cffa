import CivilTime
import JSON
import RelayStore

/// The appointments of an account, or of one of its customers, that overlap with a time window, in
/// order of their beginning.
///
/// They are those that began before the window and still run in it, then those that begin in it.
/// The latter are a range of the list by beginning. How many the former are is the difference of
/// two ranks, because an appointment that has ended has begun: none, as a rule, and then they cost nothing.
public struct AppointmentWindow {
    /// Only appointments that end after this.
    public let from: WallTime?
    /// Only appointments that begin before this.
    public let to: WallTime?
    /// Only appointments of this customer.
    public let customer: UInt64?
    /// Whether pages say where documents lie side by side; otherwise they have each one's key.
    public var usesCoveringIndex = true
    /// Appointments that one page may look at before it ends short.
    public var scanBudget = Limits.scanBudget
    private let byStart: ListKey
    private let byEnd: ListKey
    private let byLength: ListKey

    /// A selection; nothing is read yet.
    public init(account: UInt32, customer: UInt64?, from: WallTime?, to: WallTime?) {
        if let from, let to { precondition(from <= to, "a window ends after it begins") }
        self.from = from
        self.to = to
        self.customer = customer
        if let customer {
            byStart = RecordList.appointmentsOfCustomerByStart.key(account, customer)
            byEnd = RecordList.appointmentsOfCustomerByEnd.key(account, customer)
            byLength = RecordList.appointmentsOfCustomerByLength.key(account, customer)
        } else {
            byStart = RecordList.appointmentsByStart.key(account)
            byEnd = RecordList.appointmentsByEnd.key(account)
            byLength = RecordList.appointmentsByLength.key(account)
        }
    }

    /// Fills a page.
    public func fill(
        _ page: SelectedPage, _ view: borrowing StoreView, from start: SelectionStart, limit: Int
    ) throws(StoreError) {
        precondition(limit >= 0, "a page has a limit")
        page.reset()
        let starts = try view.list(byStart, of: UInt128.self)
        var (first, ended): (UInt64, UInt64) = (0, 0)
        if let from {
            first = try starts.rank(of: UInt128(from.seconds, 0))
            let ends = try view.list(byEnd, of: UInt128.self)
            ended = try ends.rank(of: UInt128(from.seconds + 1, 0))
        }
        var end = starts.count
        if let to { end = try starts.rank(of: UInt128(to.seconds, 0)) }
        // An appointment that has ended has begun, and one before the window began before its end.
        guard ended <= first, first <= end else {
            throw .corrupted(byEnd, "its counts are not those of the \(byStart)")
        }
        page.total = end - ended
        let running = first - ended
        var skip = start.skip
        if let from, running > 0, isBefore(from, start.after) {
            if start.after != nil || skip < running {
                let lengths = try view.list(byLength, of: UInt128.self)
                var runners = try Runners(
                    lengths, at: from.seconds, after: start.after, budget: scanBudget)
                guard
                    try runners.fill(page, lengths, &skip, limit: limit, rest: end - first)
                else { return }
            } else {
                skip -= running
            }
        }
        var place = first
        if let after = start.after, !isBefore(from, after) {
            place = try starts.rank(of: after + 1)
        }
        place += min(skip, end - min(place, end))
        try append(page, starts, from: place, to: end, limit: limit)
        precondition(page.count <= limit, "a page has no more than its limit")
    }

    /// Fills the rest of a page with a range of the list by beginning.
    private func append(
        _ page: SelectedPage, _ starts: borrowing CountedList<UInt128>,
        from place: UInt64, to end: UInt64, limit: Int
    ) throws(StoreError) {
        page.next.after = page.keys.last
        let count = Int(min(UInt64(limit - page.keys.count), end - min(place, end)))
        page.isLast = place + UInt64(count) >= end
        guard count > 0 else { return }
        if customer == nil, usesCoveringIndex {
            // Neighbours in time are neighbours in the map.
            let ends = try starts.ends(of: place..<place + UInt64(count))
            guard let ends else { throw .corrupted(byStart, "its counts do not agree") }
            page.coveringRange = CoveringRange(
                list: byStart, resource: Resource.appointment.rawValue, first: ends.first,
                count: count)
            page.next.after = ends.last
        } else {
            try starts.forEach(in: place..<place + UInt64(count)) { (key) throws(StoreError) in
                page.append(key)
                return true
            }
            page.next.after = page.keys.last
        }
    }

    /// Whether a page that begins behind a key begins among those that began before the window.
    private func isBefore(_ from: WallTime?, _ after: UInt128?) -> Bool {
        guard let after else { return true }
        guard let from else { return false }
        return after < UInt128(from.seconds, 0)
    }
}

/// Appointments that began before a moment and still run, in order of their beginning: the classes
/// of length side by side, always the one whose next appointment begins first.
private struct Runners {
    /// Where a class has got to. Its next keys are read a few at a time, with one look.
    private struct Head {
        private var keys = InlineArray<8, UInt128>(repeating: 0)
        private var count = 1
        private var index = 0
        /// Where in the list the first of them stands.
        private var place: UInt64

        init(_ key: UInt128, at place: UInt64) {
            keys[0] = key
            self.place = place
        }

        var key: LengthKey { LengthKey(rawValue: keys[index]) }

        /// Goes on to the next key of the class that begins before a moment; false if there is none.
        mutating func advance(
            _ list: borrowing CountedList<UInt128>, before moment: UInt64
        ) throws(StoreError) -> Bool {
            let length = key.class
            index += 1
            if index == count {
                place += UInt64(count)
                index = 0
                count = try list.read(&keys, at: place)
                if count == 0 { return false }
            }
            return key.class == length && key.start < moment
        }
    }

    private let moment: UInt64
    private var heads: [Head] = []
    /// Candidates that may still be looked at for this request.
    private var budget: Int

    /// Looks for the first candidate of each class: one look for a class, and none for the empty
    /// ones between two that are not.
    init(
        _ list: borrowing CountedList<UInt128>, at moment: UInt64, after: UInt128?, budget: Int
    ) throws(StoreError) {
        self.budget = budget
        self.moment = moment
        heads.reserveCapacity(Limits.appointmentClasses)
        var low = Self.low(0, moment, after)
        while let found = try list.place(atOrAfter: low.rawValue) {
            let key = LengthKey(rawValue: found.key)
            if key.class > low.class {
                low = Self.low(key.class, moment, after)
                if key.rawValue < low.rawValue { continue }
            }
            if key.start < moment { heads.append(Head(found.key, at: found.offset)) }
            low = Self.low(key.class + 1, moment, after)
        }
    }

    /// The first key of a class that an appointment which still runs can have, behind `after`.
    private static func low(_ length: Int, _ moment: UInt64, _ after: UInt128?) -> LengthKey {
        let longest = UInt64(2) << UInt64(length)
        let low = LengthKey(class: length, start: moment > longest ? moment - longest + 1 : 0)
        guard let after else { return low }
        let behind = LengthKey(
            class: length, start: UInt64(truncatingIfNeeded: after >> 64), id: after.recordID + 1)
        return behind.rawValue > low.rawValue ? behind : low
    }

    /// Appends those that still run. False when the page ends here: it is full and there is more,
    /// or the budget is used up; `rest` others come behind the last of these.
    mutating func fill(
        _ page: SelectedPage, _ list: borrowing CountedList<UInt128>, _ skip: inout UInt64,
        limit: Int, rest: UInt64
    ) throws(StoreError) -> Bool {
        while let candidate = try next(list) {
            budget -= 1
            if candidate.end > moment {
                if page.keys.count == limit {
                    // One more than the page holds: that is how it is known not to be the last.
                    page.isLast = false
                    page.next.after = page.keys.last
                    return false
                }
                if skip > 0 { skip -= 1 } else { page.append(candidate.startKey) }
            }
            if budget <= 0 {
                page.isLast = false
                page.next = SelectionStart(after: candidate.startKey, skip: skip)
                return false
            }
        }
        guard page.keys.count == limit else { return true }
        page.isLast = rest == 0
        page.next.after = page.keys.last
        return false
    }

    /// Takes the candidate that begins first.
    private mutating func next(
        _ list: borrowing CountedList<UInt128>
    ) throws(StoreError) -> LengthKey? {
        guard var first = heads.indices.first else { return nil }
        for index in heads.indices where heads[index].key.startKey < heads[first].key.startKey {
            first = index
        }
        let key = heads[first].key
        if try !heads[first].advance(list, before: moment) { heads.remove(at: first) }
        return key
    }
}
