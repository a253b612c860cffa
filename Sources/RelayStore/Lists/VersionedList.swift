/// A list of documents and when one of their kind changed last: what a page and its fields are made
/// from.
public struct VersionedList: ~Escapable {
    /// The list.
    public let list: CountedList<UInt64>
    /// The kind of record that its keys are ids of.
    public let resource: UInt8
    /// Sequence number of the last change to any record of this kind.
    public let version: UInt64

    @_lifetime(copy list)
    init(_ list: CountedList<UInt64>, _ resource: UInt8, version: UInt64) {
        self.list = list
        self.resource = resource
        self.version = version
    }
}

extension StoreView {
    /// Looks a list up, and the counter of the records that it holds.
    @_lifetime(copy self)
    public func versionedList(
        _ key: ListKey, of resource: UInt8
    ) throws(StoreError) -> VersionedList {
        let counter = try counter(account: key.account, resource: resource)
        let list = try list(key, of: UInt64.self)
        return VersionedList(list, resource, version: counter.changeSequence)
    }
}

/// The list that was looked up last: pages of one list come in bursts, and two lookups are a
/// tenth of the instructions that a page costs.
struct RememberedList: ~Copyable {
    private struct Entry {
        var key = ListKey(account: 0, kind: 0)
        var resource: UInt8 = 0
        var version: UInt64 = 0
        var record: UnsafeRawBufferPointer?
    }

    // SAFETY: allocated in init, freed in deinit; behind a pointer, so that a borrowed reader can
    // remember. A reader is used on one thread at a time.
    private let entry = UnsafeMutablePointer<Entry>.allocate(capacity: 1)

    init() { entry.initialize(to: Entry()) }

    deinit { entry.deallocate() }

    /// Another commit: what was remembered lies where it may be overwritten.
    func forget() { entry.pointee.record = nil }

    /// The list of a view, which must be of the commit since which nothing was forgotten.
    @_lifetime(copy view)
    func list(
        _ key: ListKey, of resource: UInt8, in view: borrowing StoreView
    ) throws(StoreError) -> VersionedList {
        if let bytes = entry.pointee.record, entry.pointee.key == key,
            entry.pointee.resource == resource
        {
            // SAFETY: in the map, and of the commit that the view shows.
            let record = unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), copying: view)
            let list = try CountedList<UInt64>(key, record, view.listNodes)
            return VersionedList(list, resource, version: entry.pointee.version)
        }
        let found = try view.versionedList(key, of: resource)
        // SAFETY: only the address is kept; see above for who reads there.
        let bytes = found.list.root.bytes.withUnsafeBytes { $0 }
        entry.pointee = Entry(
            key: key, resource: resource, version: found.version,
            record: bytes.isEmpty ? nil : bytes)
        return found
    }
}
