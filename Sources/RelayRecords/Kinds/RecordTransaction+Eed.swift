import CivilTime
import JSON
import RelayContract
import RelayStore

/// Energy data: one record for each unit and month. Its document is the month as getEed answers
/// it; the benchmarks, which stand elsewhere in that answer, are its private bytes.
extension RecordTransaction {
    /// Takes a delivery, in place of an earlier one for the same unit and month.
    mutating func consumeEed(_ delivery: EedDelivery) throws(StoreError) -> RecordAnswer {
        var faults = Faults()
        try check(delivery, &faults)
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        try begin()
        try keep(delivery)
        return RecordAnswer(204, body: [])
    }

    /// Adds why a delivery is refused.
    func check(_ delivery: EedDelivery, _ faults: inout Faults) throws(StoreError) {
        try checkReferences(delivery, &faults)
        let present = CalendarMonth(inBerlin: self.present)
        if delivery.period > present {
            faults.add(
                .outOfRange, member: "period",
                "expected a month up to the present one in Europe/Berlin, \(present)")
        }
        faults.at("consumptions") { delivery.check(&$0) }
    }

    /// Stores a delivery that was checked. Precondition: the change has begun.
    mutating func keep(_ delivery: EedDelivery) throws(StoreError) {
        let month = EedMonth(delivery, at: time)
        let name = month.name(account)
        let known = try view.record(named: name)
        let id = try keptID(known, .eedMonth)
        if known == nil {
            try transaction.relink(id, from: RecordLinks(), to: month.links(account))
        }
        try store(month, .eedMonth, id, privateBytes: delivery.benchmarks.json)
    }

    /// The three must exist, and each belong to the next.
    private func checkReferences(
        _ delivery: EedDelivery, _ faults: inout Faults
    ) throws(StoreError) {
        let count = faults.count
        try check(delivery.unitId, .unit, "unitId", &faults)
        try check(delivery.propertyId, .property, "propertyId", &faults)
        try check(delivery.customerId, .customer, "customerId", &faults)
        guard faults.count == count,
            let unit = try load(Unit.self, .unit, delivery.unitId)?.model,
            let property = try load(
                Property.self, .property, delivery.propertyId)?.model
        else { return }
        if unit.propertyId != property.id {
            faults.add(
                .mismatch, member: "unitId",
                "unit \(unit.id) belongs to property \(unit.propertyId), not to \(property.id)")
        }
        if property.customerId != delivery.customerId {
            faults.add(
                .mismatch, member: "propertyId",
                "property \(property.id) belongs to customer \(property.customerId), "
                    + "not to \(delivery.customerId)")
        }
    }
}

extension EedDelivery {
    /// What ties members of a consumption and consumptions of a month together.
    fileprivate func check(_ faults: inout Faults) {
        var seen: [EedConsumption] = []
        for (index, consumption) in consumptions.enumerated() {
            faults.at(index: index) { faults in
                let isConverted = consumption.converted ?? false
                if isConverted, consumption.unitofmeasure != .kwh {
                    faults.add(
                        .mismatch, member: "converted",
                        "converted is true, but unitofmeasure is not KWH: leave converted out")
                }
                let isTwin = seen.contains {
                    $0.service == consumption.service
                        && $0.unitofmeasure == consumption.unitofmeasure
                        && ($0.converted ?? false) == isConverted
                }
                if isTwin {
                    faults.add(
                        .notUnique,
                        "an earlier element has the same service, unitofmeasure and converted")
                }
            }
            seen.append(consumption)
        }
    }
}

extension EedMonth {
    fileprivate init(_ delivery: EedDelivery, at time: Timestamp) {
        self.init(
            unitId: delivery.unitId, period: delivery.period, mscName: delivery.mscName,
            deliveredAt: time, consumptions: delivery.consumptions)
    }

    fileprivate func name(_ account: UInt32) -> UniqueKey {
        UniqueKey(account, eedOfUnit: unitId, period)
    }

    /// The units that have data of this month; its unit and month name it.
    func links(_ account: UInt32) -> RecordLinks {
        let list = RecordList.unitsWithEed.key(account, UInt64(period.number))
        return RecordLinks(
            entries: [ListEntry(list: list, key: UInt128(unitId))], names: [name(account)])
    }
}

extension UniqueKey {
    /// Names the energy data of a unit and month.
    fileprivate init(_ account: UInt32, eedOfUnit unit: UInt64, _ month: CalendarMonth) {
        self.init(account, .eedMonth, .eedMonth, "\(unit)/\(month)")
    }
}

extension [EedBenchmark] {
    /// As a JSON array of its own.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.values(self)
        return writer.bytes
    }

    /// Whether bytes are what `json` makes of some benchmarks.
    static func areStored(_ bytes: UnsafeRawBufferPointer, _ parser: JSONParser) -> Bool {
        guard let value = try? parser.parse(bytes), value.kind == .array else { return false }
        var faults = Faults()
        for element in value.elements { _ = EedBenchmark(decoding: element, into: &faults) }
        return faults.isEmpty
    }
}

// MARK: Reading

extension StoreView {
    /// The energy data of a unit and month; nil when nothing was delivered.
    @_lifetime(copy self)
    public func eedMonth(
        ofUnit unit: UInt64, _ month: CalendarMonth?, account: UInt32
    ) throws(StoreError) -> DocumentView? {
        guard let key = try eedMonthKey(ofUnit: unit, month, account: account) else { return nil }
        return try document(key)
    }

    /// Under which key it is kept, if there is one.
    func eedMonthKey(
        ofUnit unit: UInt64, _ month: CalendarMonth?, account: UInt32
    ) throws(StoreError) -> DocumentKey? {
        guard let month, let id = try record(named: UniqueKey(account, eedOfUnit: unit, month))
        else {
            return nil
        }
        return Resource.eedMonth.key(account, id)
    }
}

/// consumeEed.
public struct ConsumeEed: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.consumeEed
    /// What the client sent.
    public let body: EedDelivery

    /// Asks for it.
    public init(_ body: EedDelivery) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.consumeEed(body) }
}
