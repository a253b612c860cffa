/// New pages that wait until it is known what they are built on.
final class HeldPages {
    private let spool: PageSpool
    private let room: Scratch
    /// Room for a base, beside a page.
    private let base: Scratch
    private(set) var addresses: [PageAddress] = []
    /// What each is built on; nil for those that are stored whole.
    private(set) var bases: [PageAddress?] = []

    /// None yet; they will take room on the repository's disk.
    init(_ repository: Repository, pageBytes: Int) throws(SnapshotError) {
        spool = try PageSpool(in: try repository.spoolPlace(), pageBytes: pageBytes)
        room = Scratch(pageBytes)
        base = Scratch(pageBytes)
    }

    /// Pages that wait.
    var count: Int { addresses.count }

    // SAFETY: lives as long as this value, which its user keeps.
    var baseRoom: UnsafeMutableRawBufferPointer { base.bytes }

    func append(
        _ page: UnsafeRawBufferPointer, _ address: PageAddress, on base: PageAddress?
    ) throws(SnapshotError) {
        _ = try spool.append(page)
        addresses.append(address)
        bases.append(base)
    }

    /// A page; valid until the next one is asked for.
    func page(_ number: Int) throws(SnapshotError) -> UnsafeRawBufferPointer {
        try spool.read(number, into: room.bytes)
        // SAFETY: lives as long as this value, which its user keeps.
        return UnsafeRawBufferPointer(room.bytes)
    }

    /// Finds for each page the one of those that it is most like.
    func chooseBases(
        _ similar: inout SimilarPages, _ addresses: [PageAddress], _ progress: WorkProgress
    ) throws(SnapshotError) {
        for number in bases.indices {
            if progress.isCancelled { throw .cancelled }
            let sketch = PageSketch(of: try page(number))
            bases[number] = similar.best(for: sketch).map { addresses[$0] }
        }
    }
}
