/// A changed record, as a feed tells of it.
public struct FeedEntry: Sendable {
    /// Sequence number of the change.
    public let sequence: UInt64
    /// The kind of change, opaque to the store.
    public let kind: UInt8
    /// Milliseconds since 1970.
    public let time: Int64
    /// The record and what became of it.
    public let document: ChangedDocument
    /// The place behind it. A change of which no further record is asked for is whole there.
    public let position: ChangePosition
}

/// Where a walk along the feed of an account ended.
public struct FeedEnd: Equatable, Sendable {
    /// Why it ended.
    public enum Reason: Sendable {
        /// There is nothing newer in this commit.
        case newest
        /// It was asked to, or has looked at enough.
        case paused
        /// The place is not one of this log: trimmed, or beyond the end.
        case lost
    }

    /// Why it ended.
    public let reason: Reason
    /// Where to go on; nothing that was asked for lies between the last entry and it.
    public let position: ChangePosition
}

extension StoreView {
    /// Hands over the records of an account that were changed behind a place, in the order of changes, and
    /// of one change by resource and id; until `body` says false.
    ///
    /// - Parameters:
    ///   - resources: a bit for each kind of record that is asked for, by its number.
    ///   - budget: changes and records to look at, at most: those of other accounts count too.
    public func forEachChangedRecord(
        of account: UInt32, after position: ChangePosition, resources: UInt64, budget: Int,
        _ body: (FeedEntry) throws(StoreError) -> Bool
    ) throws(StoreError) -> FeedEnd {
        let newest = try lastSequence()
        if position.sequence >= newest {
            let isEnd = position == ChangePosition(after: newest)
            return FeedEnd(reason: isEnd ? .newest : .lost, position: position)
        }
        var walk = FeedWalk(account: account, resources: resources, position: position)
        var left = budget
        try forEachChange(from: position.sequence + 1) { (change) throws(StoreError) in
            guard walk.isNext(change) else { return false }
            left -= 1
            if change.account == account {
                left -= change.documentCount ?? 0
                guard try walk.tell(change, body) else { return false }
            } else {
                walk.position = ChangePosition(after: change.sequence)
            }
            return left > 0
        }
        if walk.isLost { return FeedEnd(reason: .lost, position: position) }
        let isEnd = walk.position == ChangePosition(after: newest)
        return FeedEnd(reason: isEnd ? .newest : .paused, position: walk.position)
    }

    /// The first place that a feed can go on from; the place behind the newest change if no change says
    /// which records it was about.
    public func oldestPosition() throws(StoreError) -> ChangePosition {
        let newest = try lastSequence()
        var first: UInt64?
        try forEachChange(from: 0) { (change) throws(StoreError) in
            first = change.sequence
            return false
        }
        // Those of earlier programs, which do not say, come first: a search by halves.
        guard var low = first else { return ChangePosition(after: newest) }
        var high = newest + 1
        while low < high {
            let middle = low + (high - low) / 2
            if try tellsDocuments(middle) { high = middle } else { low = middle + 1 }
        }
        return ChangePosition(after: low - 1)
    }

    private func tellsDocuments(_ sequence: UInt64) throws(StoreError) -> Bool {
        guard let value = try value(sequence, in: databases.changes) else { return false }
        return try ChangeView(sequence: sequence, value).documentCount != nil
    }
}

/// A walk along the log, from a place on.
private struct FeedWalk {
    let account: UInt32
    let resources: UInt64
    var position: ChangePosition
    /// Whether the log does not go on from the place.
    private(set) var isLost = false

    init(account: UInt32, resources: UInt64, position: ChangePosition) {
        self.account = account
        self.resources = resources
        self.position = position
    }

    /// Whether a change is the one behind the place, and says which documents it changed.
    mutating func isNext(_ change: borrowing ChangeView) -> Bool {
        guard change.sequence == position.sequence + 1, let count = change.documentCount,
            position.passed <= count
        else {
            isLost = true
            return false
        }
        return true
    }

    /// Hands over what is left of a change; says whether all of it was.
    mutating func tell(
        _ change: borrowing ChangeView, _ body: (FeedEntry) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        let whole = ChangePosition(after: change.sequence)
        var next = try wanted(change, from: position.passed)
        while let (index, document) = next {
            next = try wanted(change, from: index + 1)
            position =
                next.map { ChangePosition(after: change.sequence - 1, passed: $0.index) } ?? whole
            let entry = FeedEntry(
                sequence: change.sequence, kind: change.kind, time: change.time,
                document: document, position: position)
            guard try body(entry) else { return false }
        }
        position = whole
        return true
    }

    /// The first record from an index on that is asked for.
    private func wanted(
        _ change: borrowing ChangeView, from start: Int
    ) throws(StoreError) -> (index: Int, document: ChangedDocument)? {
        var index = start
        while index < change.documentCount ?? 0 {
            let document = try change.document(at: index)
            if resources >> UInt64(document.resource) & 1 == 1 { return (index, document) }
            index += 1
        }
        return nil
    }
}
