import LMDB

/// What is counted per account and resource.
public struct ResourceCounter: Equatable, Sendable {
    /// The highest id that was ever given out; ids are never used again.
    public var lastID: UInt64 = 0
    /// Sequence number of the last change to any record: the version of every list of them.
    public var changeSequence: UInt64 = 0

    /// A counter; zeros where there never was a record.
    public init(lastID: UInt64 = 0, changeSequence: UInt64 = 0) {
        self.lastID = lastID
        self.changeSequence = changeSequence
    }
}

/// A counter and what it counts.
public struct CountedResource: Equatable, Sendable {
    /// The account.
    public let account: UInt32
    /// The kind of record, opaque to the store.
    public let resource: UInt8
    /// Its counter.
    public let counter: ResourceCounter
}

extension StoreView {
    /// The first counters, by account and resource.
    public func counters(atMost limit: Int) throws(StoreError) -> [CountedResource] {
        var counted: [CountedResource] = []
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.counters)
            var next = try cursor.first()?.key
            while let family = next, counted.count < limit {
                let key = DocumentKey(rawValue: family << Limits.idBits)
                guard let value = try transaction.get(family, in: databases.counters) else { break }
                guard value.byteCount == 16 else { throw .corrupted }
                let counter = ResourceCounter(
                    lastID: value.word(at: 0), changeSequence: value.word(at: 8))
                counted.append(
                    CountedResource(account: key.account, resource: key.resource, counter: counter))
                next = try cursor.next()?.key
            }
        } catch {
            throw StoreError(error)
        }
        return counted
    }

    /// The counter of an account's resource; zeros if there never was a record.
    public func counter(
        account: UInt32, resource: UInt8
    ) throws(StoreError) -> ResourceCounter {
        let key = DocumentKey(account: account, resource: resource, id: 0).family
        guard let value = try value(key, in: databases.counters) else { return ResourceCounter() }
        guard value.byteCount == 16 else { throw .corrupted(what: "a counter") }
        return ResourceCounter(lastID: value.word(at: 0), changeSequence: value.word(at: 8))
    }
}

extension StoreTransaction {
    /// Gives out the next id of an account's resource.
    public mutating func nextID(account: UInt32, resource: UInt8) throws(StoreError) -> UInt64 {
        var counter = try view.counter(account: account, resource: resource)
        if isDryRun { counter.lastID = max(counter.lastID, Limits.provisionalIDs) }
        counter.lastID += 1
        guard counter.lastID >> Limits.idBits == 0 else { throw .tooLarge }
        try setCounter(account: account, resource: resource, to: counter)
        return counter.lastID
    }

    /// Notes that records of an account's resource change with a sequence number.
    public mutating func touch(
        account: UInt32, resource: UInt8, sequence: UInt64
    ) throws(StoreError) {
        var counter = try view.counter(account: account, resource: resource)
        if counter.changeSequence == sequence { return }
        counter.changeSequence = sequence
        try setCounter(account: account, resource: resource, to: counter)
    }

    /// Sets a counter, for bulk loads that bring their own ids.
    public mutating func setCounter(
        account: UInt32, resource: UInt8, to counter: ResourceCounter
    ) throws(StoreError) {
        try count(account, upTo: counter.changeSequence)
        let key = DocumentKey(account: account, resource: resource, id: 0).family
        let value: InlineArray<2, UInt64> = [counter.lastID, counter.changeSequence]
        try put(value.span.bytes, at: key, in: databases.counters)
    }
}
