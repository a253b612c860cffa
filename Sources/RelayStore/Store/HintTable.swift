import CLinux
import Glibc

/// Where documents lie in the map, direct-mapped by their keys.
///
/// A hint is either exact, because `MovedDocuments` vouches for every commit since it was taken:
/// then the walk down LMDB's tree is saved, which is most of the cost of a random lookup. Or it is
/// old: then it feeds prefetches and nothing else, and a wrong one costs time, never correctness.
///
/// Only documents in overflow pages have hints. LMDB moves smaller values with their neighbours.
struct HintTable: ~Copyable {
    // SAFETY: mapped in init, unmapped in deinit. The kernel hands out its pages when they are
    // first touched, so a tool that reads ten documents pays for ten pages at most.
    private let table: UnsafeMutablePointer<Int32>?
    private let mapBase: Int
    private static let byteCount = Limits.hints * MemoryLayout<Int32>.stride
    private static let lineBits = 6
    /// LMDB's header of an overflow page, which the value follows.
    private static let pageHeaderBytes = 16

    /// `mapBase` is some fixed address in the map: 32 bits of cache lines reach 128 GiB from it to
    /// either side.
    init(mapBase: Int) {
        self.mapBase = mapBase & -Limits.pageBytes
        // SAFETY: a mapping is aligned to pages, and zeros are numbers.
        let memory = mmap(
            nil, Self.byteCount, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        table = memory == MAP_FAILED ? nil : memory?.assumingMemoryBound(to: Int32.self)
    }

    deinit {
        if let table { munmap(table, Self.byteCount) }
    }

    @inline(__always)
    private static func slot(_ key: UInt64) -> Int {
        // Neighbouring ids take neighbouring slots; accounts and resources are spread.
        let key = DocumentKey(rawValue: key)
        return Int(truncatingIfNeeded: key.id &+ key.family &* 0x9E37_79B9) & (Limits.hints - 1)
    }

    /// Notes where a document lies: the cache line of its JSON, in the first page of its block.
    @inline(__always)
    func remember(_ key: UInt64, _ json: RawSpan, block: RawSpan) {
        guard let table else { return }
        // SAFETY: addresses only, nothing is read through them here.
        let address = json.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
        let start = block.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
        let isFirstPage = address & -Limits.pageBytes == start - Self.pageHeaderBytes
        let line = Int32(exactly: (address - mapBase) >> Self.lineBits)
        table[Self.slot(key)] = isFirstPage ? line ?? 0 : 0
    }

    /// Starts to fetch the hint itself, so that `prefetch` need not wait for it.
    @inline(__always)
    func foresee(_ key: UInt64) {
        guard let table else { return }
        // SAFETY: an address to prefetch from; nothing is read.
        relay_prefetch(UInt(bitPattern: table + Self.slot(key)))
    }

    @inline(__always)
    func prefetch(_ key: UInt64) {
        guard let table else { return }
        let line = Int(table[Self.slot(key)])
        if line != 0 {
            relay_prefetch_document(UInt(bitPattern: mapBase + line << Self.lineBits))
        }
    }

    /// Where the block of a document begins; only for hints that are exact.
    @inline(__always)
    func block(of key: UInt64) -> UnsafeRawPointer? {
        guard let table else { return nil }
        let line = Int(table[Self.slot(key)])
        if line == 0 { return nil }
        let page = (mapBase + line << Self.lineBits) & -Limits.pageBytes
        // SAFETY: the caller says, by calling, that what is remembered is still there.
        return UnsafeRawPointer(bitPattern: page + Self.pageHeaderBytes)
    }

    func forget(_ key: UInt64) { table?[Self.slot(key)] = 0 }

    /// Forgets everything: hands the memory back, which then reads as zeros.
    func forgetAll() {
        if let table { madvise(table, Self.byteCount, MADV_DONTNEED) }
    }
}
