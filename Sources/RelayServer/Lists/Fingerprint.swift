import RelayContract
import RelayRecords

/// A number that stands for filters and an order: the same for the same, and hardly ever for others.
struct Fingerprint {
    private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func mix(_ word: UInt64) {
        // The finalizer of SplitMix64: every bit of the word reaches every bit of the value.
        var mixed = value ^ word
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        value = (mixed ^ mixed >> 31) &+ 0x9E37_79B9_7F4A_7C15
    }

    mutating func mix(_ filter: RecordQuery.Filter) {
        switch filter {
        case .orders(let filter): mix(filter)
        case .records(let filter): mix(filter)
        }
    }

    /// Lists have numbers of their own, so that no filter of orders is the same.
    mutating func mix(_ filter: RecordFilter) {
        mix(UInt64(filter.list.rawValue))
        mix(filter.parameter)
        mix(filter.updatedSince.map { UInt64(bitPattern: $0.milliseconds) } ?? .max)
        mix(filter.sort.map { UInt64($0.rawValue) } ?? 0)
        mix(filter.mscNumber == nil ? 0 : 1)
        mix(filter.mscNumber ?? "")
    }

    /// Absent values are mixed in as well, in an order that never changes.
    mutating func mix(_ filter: OrderFilter) {
        mix(filter.status, absent: .max) { $0.mix(UInt64($1.rawValue)) }
        mix(filter.propertyId) { $0.mix($1) }
        mix(filter.customerId) { $0.mix($1) }
        mix(filter.isInternal.map { $0 ? 1 : 2 } ?? 0)
        for time in [filter.dueFrom, filter.dueTo, filter.updatedSince] {
            mix(time.map { UInt64(bitPattern: $0.milliseconds) } ?? .max)
        }
        mix(filter.sort.map { UInt64($0.rawValue) } ?? 0)
        mix(filter.type == nil ? 0 : 1)
        mix(filter.type) { $0.mix($1) }
        mix(filter.internalId == nil ? 0 : 1)
        mix(filter.internalId ?? "")
    }

    /// The values of a filter. Of several their number comes first, as none of the words of one value can be.
    private mutating func mix<Value>(
        _ values: AnyOf<Value>?, absent: UInt64 = 0, _ mix: (inout Fingerprint, Value) -> Void
    ) {
        guard let values else { return self.mix(absent) }
        if !values.others.isEmpty { self.mix(.max - UInt64(values.others.count)) }
        mix(&self, values.first)
        for value in values.others { mix(&self, value) }
    }

    mutating func mix(_ text: String) {
        mix(UInt64(text.utf8.count))
        for byte in text.utf8 { mix(UInt64(byte)) }
    }
}
