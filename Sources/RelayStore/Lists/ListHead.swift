/// A list as the first look finds it: what a page and its fields are made from.
public struct ListHead: ~Escapable {
    /// The list.
    public let key: ListKey
    /// The kind of record that its keys are ids of.
    public let resource: UInt8
    /// Sequence number of the last change to any record of this kind.
    public let version: UInt64
    let root: ListRoot<UInt64>

    /// Number of keys in the list.
    public var total: UInt64 { root.total }

    @_lifetime(copy root)
    init(_ key: ListKey, _ resource: UInt8, version: UInt64, root: ListRoot<UInt64>) {
        self.key = key
        self.resource = resource
        self.version = version
        self.root = root
    }
}

extension StoreView {
    /// Looks a list up, and the counter of the records that it holds.
    @_lifetime(copy self)
    public func head(of list: ListKey, resource: UInt8) throws(StoreError) -> ListHead {
        let counter = try counter(account: list.account, resource: resource)
        guard let root = try root(list, UInt64.self) else {
            return ListHead(
                list, resource, version: counter.changeSequence, root: ListRoot<UInt64>.none)
        }
        return ListHead(list, resource, version: counter.changeSequence, root: root)
    }
}

/// The list that was looked up last: pages of one list come in bursts, and two lookups are a
/// tenth of the instructions that a page costs.
struct RememberedHead: ~Copyable {
    private struct Entry {
        var key = ListKey(account: 0, kind: 0)
        var resource: UInt8 = 0
        var version: UInt64 = 0
        var root: UnsafeRawBufferPointer?
    }

    // SAFETY: allocated in init, freed in deinit; behind a pointer, so that a borrowed reader can
    // remember. A reader is used on one thread at a time.
    private let entry = UnsafeMutablePointer<Entry>.allocate(capacity: 1)

    init() { entry.initialize(to: Entry()) }

    deinit { entry.deallocate() }

    /// Another commit: what was remembered lies where it may be overwritten.
    func forget() { entry.pointee.root = nil }

    /// The list of a view, which must be of the commit since which nothing was forgotten.
    @_lifetime(copy view)
    func head(
        of list: ListKey, resource: UInt8, in view: borrowing StoreView
    ) throws(StoreError) -> ListHead {
        if let bytes = entry.pointee.root, entry.pointee.key == list,
            entry.pointee.resource == resource
        {
            // SAFETY: in the map, and of the commit that the view shows.
            let record = unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), copying: view)
            return ListHead(
                list, resource, version: entry.pointee.version, root: try ListRoot<UInt64>(record))
        }
        let head = try view.head(of: list, resource: resource)
        // SAFETY: only the address is kept; see above for who reads there.
        let bytes = head.root.record.withUnsafeBytes { $0 }
        entry.pointee = Entry(
            key: list, resource: resource, version: head.version,
            root: bytes.isEmpty ? nil : bytes)
        return head
    }
}
