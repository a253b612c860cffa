import RelayRecords
import RelayStore

/// Kinds of records that an answer is made of.
struct ResourceSet: Equatable, ExpressibleByArrayLiteral {
    /// A bit for each `Resource.rawValue`, which has six bits.
    private var bits: UInt64 = 0

    init(_ resources: [Resource]) {
        for resource in resources { insert(resource.rawValue) }
    }

    init(arrayLiteral elements: Resource...) { self.init(elements) }

    /// One kind, by its number.
    init(_ resource: UInt8) { insert(resource) }

    private mutating func insert(_ resource: UInt8) {
        precondition(resource < RelayStore.Limits.resources, "a kind of record that there is")
        bits |= 1 << UInt64(resource)
    }

    /// The version of what is made of them: that of the last change to any record of these kinds.
    func version(in view: borrowing StoreView, of account: UInt32) throws(StoreError) -> UInt64 {
        var version: UInt64 = 0
        var left = bits
        while left != 0 {
            let resource = UInt8(left.trailingZeroBitCount)
            left &= left - 1
            let counter = try view.counter(account: account, resource: resource)
            version = max(version, counter.changeSequence)
        }
        return version
    }
}
