import CivilTime
import JSON
import RelayStore

/// The units of a property, each with its energy data of a month and of those that it is compared with.
public struct EedOfProperty {
    /// The property.
    public let property: UInt64
    /// The month.
    public let month: CalendarMonth
    private let account: UInt32
    private let units: ListKey

    /// A selection; nothing is read yet.
    public init(account: UInt32, property: UInt64, _ month: CalendarMonth) {
        self.account = account
        self.property = property
        self.month = month
        units = RecordList.unitsOfProperty.key(account, property)
    }

    /// Fills a page, by ascending id of the unit.
    public func fill(
        _ page: SelectedPage, _ view: borrowing StoreView, from start: SelectionStart,
        limit: Int
    ) throws(StoreError) {
        precondition(limit >= 0, "a page has a limit")
        page.reset()
        let units = try view.list(units, of: UInt64.self)
        page.total = units.count
        var place = start.skip
        if let after = start.after { place += try units.rank(of: after.recordID + 1) }
        let end = min(units.count, place + UInt64(limit))
        if place < end {
            try units.forEach(in: place..<end) { (key) throws(StoreError) in
                page.append(id: key)
                return true
            }
        }
        page.isLast = end >= units.count
        page.next.after = page.keys.last
    }

    /// Writes the report of a unit: its id alone if there is no data.
    public func write(
        unit: UInt64, _ reader: borrowing StoreReader, to writer: inout JSONWriter
    ) throws(StoreError) {
        try reader.writeEedReport(
            ofUnit: unit, month, account: account, namesEmptyPeriod: false, to: &writer)
    }
}

extension StoreReader {
    /// Writes what was delivered for a unit, of a month and of those that it is compared with, from
    /// documents as they are stored: nothing is parsed, but each is compared with its checksum.
    ///
    /// - Parameter namesEmptyPeriod: whether the period is there although no data is.
    public borrowing func writeEedReport(
        ofUnit unit: UInt64, _ period: CalendarMonth, account: UInt32, namesEmptyPeriod: Bool,
        to writer: inout JSONWriter
    ) throws(StoreError) {
        let month = try intactEedMonth(ofUnit: unit, period, account)
        let monthBefore = try intactEedMonth(ofUnit: unit, period.advanced(by: -1), account)
        let yearBefore = try intactEedMonth(ofUnit: unit, period.advanced(by: -12), account)
        writer.beginObject()
        writer.member("unitId", unit)
        if namesEmptyPeriod || month != nil || monthBefore != nil || yearBefore != nil {
            writer.member("period", period)
        }
        if let month { writer.member("month", raw: month.json) }
        if let monthBefore { writer.member("monthBefore", raw: monthBefore.json) }
        if let yearBefore { writer.member("yearBefore", raw: yearBefore.json) }
        if let month { writer.member("benchmarks", raw: month.privateBytes) }
        writer.endObject()
    }

    @_lifetime(borrow self)
    private borrowing func intactEedMonth(
        ofUnit unit: UInt64, _ month: CalendarMonth?, _ account: UInt32
    ) throws(StoreError) -> DocumentView? {
        guard let key = try view.eedMonthKey(ofUnit: unit, month, account: account) else {
            return nil
        }
        return try intactDocument(key)
    }
}

extension JSONWriter {
    /// A member with JSON that is stored.
    fileprivate mutating func member(_ name: StaticString, raw json: RawSpan) {
        self.name(name)
        // SAFETY: copied while the view is borrowed.
        json.withUnsafeBytes { raw($0) }
    }
}
