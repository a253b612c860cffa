import CivilTime
import RelayContract
import RelayStore

/// Which properties, units or documents are asked for, and in which order.
public struct RecordFilter: Equatable, Sendable {
    /// A counted list by id, which they are on: that of all of a kind, or one of some of them.
    public var list: RecordList
    /// What that list is about.
    public var parameter: UInt64
    /// Only units with this number.
    public var mscNumber: String?
    /// Only records that were changed then or later.
    public var updatedSince: Timestamp?
    /// The order; by ascending id if nil.
    public var sort: RecordSort?

    /// Whether it asks for the list as it is.
    @inlinable
    public var isPlain: Bool { updatedSince == nil && sort == nil && mscNumber == nil }

    /// All records of a list, by ascending id.
    public init(_ list: RecordList, _ parameter: UInt64? = nil) {
        precondition(!list.isWide, "a list by id")
        self.list = list
        self.parameter = parameter ?? 0
    }
}

extension OrderSort {
    /// Orders have more that they can be sorted by than records of other kinds.
    init(_ sort: RecordSort) {
        switch sort {
        case .id: self = .id
        case .idDescending: self = .idDescending
        case .updatedAt: self = .updatedAt
        case .updatedAtDescending: self = .updatedAtDescending
        }
    }
}

extension StoreView {
    /// The predicates of a filter.
    func predicates(
        _ filter: RecordFilter, _ account: UInt32
    ) throws(StoreError) -> [OrderPredicate] {
        let resource = filter.list.resource
        var predicates: [OrderPredicate] = []
        if filter.list != resource.list {
            predicates.append(try member(filter.list, account, filter.parameter))
        }
        if let text = filter.mscNumber {
            let number = try number(ofMscNumber: text, account: account)
            predicates.append(try member(.unitsOfMscNumber, account, number))
        }
        if let since = filter.updatedSince?.listKey {
            predicates.append(try updated(resource, account, since))
        }
        return predicates
    }

    /// When a record was changed last, as the list by change has it. The document is not parsed: an order
    /// has it in its private bytes, and of the others it is the last member.
    func updateKey(
        _ resource: Resource, _ id: UInt64, _ account: UInt32
    ) throws(StoreError) -> UInt64 {
        if resource == .order { return try orderFacts(id, account).updated }
        guard let document = try document(resource.key(account, id)) else {
            throw .corrupted(what: "\(resource) \(id)")
        }
        // SAFETY: the map's bytes are read while the view is borrowed.
        let updated = document.json.withUnsafeBytes { Timestamp(lastMemberOf: $0) }
        guard let updated else { throw .corrupted(what: "\(resource) \(id)") }
        return updated.listKey
    }
}

extension Timestamp {
    /// The `updatedAt` that a record's JSON ends with, as `JSONWriter` writes it.
    fileprivate init?(lastMemberOf json: UnsafeRawBufferPointer) {
        let (name, end): (StaticString, StaticString) = ("\"updatedAt\":\"", "\"}")
        let start = json.count - end.utf8CodeUnitCount - Self.writtenCount
        guard start > name.utf8CodeUnitCount,
            json[(start - name.utf8CodeUnitCount)..<start].elementsEqual(name.bytes),
            json[(start + Self.writtenCount)...].elementsEqual(end.bytes)
        else { return nil }
        let text = UnsafeRawBufferPointer(rebasing: json[start..<(start + Self.writtenCount)])
        // SAFETY: the caller's bytes, during this call.
        self.init(rfc3339: text.assumingMemoryBound(to: UInt8.self))
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeBufferPointer<UInt8> {
        // SAFETY: a static string is never freed.
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
