import RelayStore

/// Where a page of a selection begins.
public struct SelectionStart: Equatable, Sendable {
    /// Behind this key, which another page ended with; nil at the beginning.
    public var after: UInt128?
    /// Records to pass over from there.
    public var skip: UInt64

    /// A place in a selection.
    public init(after: UInt128? = nil, skip: UInt64 = 0) {
        self.after = after
        self.skip = skip
    }
}

/// A page of records that no single counted list contains: which they are, in which order.
///
/// Found in lists alone; the documents come after. One for each event loop, reused, so that no page
/// allocates.
public final class SelectedPage {
    // One loop's thread reads and writes this, never within an access to it.

    /// The records in order: what they are sorted by above, the id in the low word.
    @exclusivity(unchecked) public private(set) var keys: [UInt128] = []
    /// Records behind those, which are neighbours in a covering index: they are not looked up one
    /// by one, but lie side by side.
    @exclusivity(unchecked) public internal(set) var coveringRange: CoveringRange?
    /// How many the whole selection has; nil when that cannot be said within bounded work.
    @exclusivity(unchecked) public internal(set) var total: UInt64?
    /// Whether nothing comes behind this page.
    @exclusivity(unchecked) public internal(set) var isLast = true
    /// Where the next page begins, if there is one. The page may be shorter than its limit, even
    /// empty, when the work for one request was used up.
    @exclusivity(unchecked) public internal(set) var next = SelectionStart()

    /// Makes room for the longest page.
    public init() { keys.reserveCapacity(Limits.selectedRecords) }

    /// Records on the page.
    public var count: Int { keys.count + (coveringRange?.count ?? 0) }

    /// Empties the page.
    func reset() {
        keys.removeAll(keepingCapacity: true)
        coveringRange = nil
        total = nil
        isLast = true
        next = SelectionStart()
    }

    func append(_ key: UInt128) { keys.append(key) }

    func append(id: UInt64) { keys.append(UInt128(id)) }
}

extension UInt128 {
    /// What is sorted by in the high word, an id in the low one.
    init(_ value: UInt64, _ id: UInt64) { self = UInt128(value) << 64 | UInt128(id) }

    /// The id in the low word.
    public var recordID: UInt64 { UInt64(truncatingIfNeeded: self) }
}
