import RelayStore

/// The pages that others are compressed against, brought together before those are read: they lie
/// anywhere in the packs, and so each frame is decompressed once, and only one of them kept.
final class BasePages {
    private let spool: PageSpool
    private var numbers: [PageAddress: Int] = [:]
    /// What is wrong with those that cannot be had.
    private var findings: [PageAddress: String] = [:]

    /// None yet; they will take room on the disk that a directory is on.
    init(in directory: String, pageBytes: Int) throws(SnapshotError) {
        spool = try PageSpool(in: directory, pageBytes: pageBytes)
    }

    /// All that the pages of a snapshot are built on.
    convenience init(
        _ map: PageMap, _ readers: [PackReader?], in directory: String
    ) throws(SnapshotError) {
        try self.init(in: directory, pageBytes: map.pageBytes)
        try gather(map.bases.flatMap(\.locations), from: readers)
    }

    /// Brings pages in. Those of a frame should follow each other.
    ///
    /// - Parameter body: shown each page that could be had.
    func gather(
        _ locations: [PageLocation], from readers: [PackReader?],
        _ body: (PageAddress, UnsafeRawBufferPointer) -> Void = { _, _ in }
    ) throws(SnapshotError) {
        for location in locations {
            guard let reader = readers[Int(location.pack)],
                Int(location.index) < reader.index.addresses.count
            else { continue }
            let address = reader.index.addresses[Int(location.index)]
            let kept: Result<Int, SnapshotError>
            do throws(PackReader.Damage) {
                // A page is built on one that is whole: then nothing is ever two steps away.
                guard reader.index.pageBytes == spool.pageBytes else {
                    throw PackReader.Damage(
                        finding: "pack \(reader.name) has pages of another size")
                }
                guard reader.index.base(of: Int(location.index)) == nil else {
                    throw PackReader.Damage(
                        finding: "page \(location.index) of pack \(reader.name) is not a whole one")
                }
                kept = try reader.withPage(Int(location.index)) { page in
                    body(address, page)
                    return Result { () throws(SnapshotError) in try spool.append(page) }
                }
            } catch {
                findings[address] = error.finding
                continue
            }
            numbers[address] = try kept.get()
        }
        for reader in readers { reader?.forget() }
    }

    /// Whether a page was there, sound or not.
    func knows(_ address: PageAddress) -> Bool {
        numbers[address] != nil || findings[address] != nil
    }

    /// Copies a page; says what is wrong if it cannot be had.
    func copy(
        _ address: PageAddress, to room: UnsafeMutableRawBufferPointer
    ) throws(PackReader.Damage) {
        guard let number = numbers[address] else {
            throw PackReader.Damage(
                finding: findings[address] ?? "a page that no pack of the repository has")
        }
        do throws(SnapshotError) {
            try spool.read(number, into: room)
        } catch {
            throw PackReader.Damage(finding: "\(error)")
        }
    }
}
