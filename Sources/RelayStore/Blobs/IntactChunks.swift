import Glibc

/// Chunks that a reader has found intact a short time ago, direct-mapped by their keys: a checksum reads
/// a chunk as slowly as sending it does, and a file that is read is read from end to end.
///
/// A chunk is known by its key, the place of its value in the map and the checksum that is stored with
/// it. Every write of a chunk changes one of them, or it writes the very bytes that were found intact:
/// LMDB writes to no page that a commit has, and pages that were freed are written anew before they are
/// a chunk again. So what this table knows was compared as it was written. It may have been
/// damaged since, which is found once `Limits.intactMilliseconds` are over: no use of an entry
/// makes it last longer.
struct IntactChunks: ~Copyable {
    private struct Entry {
        var key: UInt64
        var address: UInt
        var checksum: UInt64
        /// Nothing is known where it is 0, as it is at first.
        var until: Int64
    }

    // SAFETY: mapped in init, unmapped in deinit. Zeros are entries that know nothing, and the kernel
    // hands out pages when they are first touched: a reader of no file pays nothing.
    private let table: UnsafeMutablePointer<Entry>?
    private static let byteCount = Limits.intactChunks * MemoryLayout<Entry>.stride

    init() {
        // SAFETY: a mapping is aligned to pages.
        let memory = mmap(
            nil, Self.byteCount, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        table = memory == MAP_FAILED ? nil : memory?.assumingMemoryBound(to: Entry.self)
    }

    deinit {
        if let table { munmap(table, Self.byteCount) }
    }

    /// Neighbours take neighbouring places: a file of as many chunks has one for each.
    private static func slot(_ key: UInt64) -> Int {
        let mixed = ChunkKey.blob(key) &* 0x9E37_79B9 &+ UInt64(ChunkKey.number(key))
        return Int(truncatingIfNeeded: mixed) & (Limits.intactChunks - 1)
    }

    /// The bytes of a stored chunk behind their checksum; nil unless they are what was written, as
    /// was found out now or a short time ago.
    @_lifetime(copy value)
    func intact(_ key: UInt64, _ value: RawSpan, at now: Int64) -> RawSpan? {
        guard let table, value.byteCount >= ChunkKey.checksumBytes else {
            return value.intactChunk(key)
        }
        let entry = table + Self.slot(key)
        // SAFETY: an address to compare; nothing is read through it.
        let address = value.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        let checksum = value.word(at: 0)
        if entry.pointee.key == key, entry.pointee.address == address,
            entry.pointee.checksum == checksum, now < entry.pointee.until
        {
            return value.extracting(ChunkKey.checksumBytes..<value.byteCount)
        }
        guard let bytes = value.intactChunk(key) else { return nil }
        entry.pointee = Entry(
            key: key, address: address, checksum: checksum,
            until: now + Limits.intactMilliseconds)
        return bytes
    }
}
