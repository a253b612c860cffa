import CLinux
import Glibc

/// Where documents were last seen, direct-mapped by their keys. Feeds prefetches and nothing else:
/// an address in it is never read through, so a stale one costs time and never correctness.
struct HintTable: ~Copyable {
    // SAFETY: mapped in init, unmapped in deinit. The kernel hands out its pages when they are
    // first touched, so a tool that reads ten documents pays for ten pages at most.
    private let table: UnsafeMutablePointer<Int32>?
    private static let byteCount = Limits.hints * MemoryLayout<Int32>.stride
    private static let lineBits = 6

    init() {
        let memory = mmap(
            nil, Self.byteCount, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        table = memory == MAP_FAILED ? nil : memory?.assumingMemoryBound(to: Int32.self)
    }

    deinit {
        if let table { munmap(table, Self.byteCount) }
    }

    @inline(__always)
    private static func slot(_ key: DocumentKey) -> Int {
        // Neighbouring ids take neighbouring slots; accounts and resources are spread.
        let spread = key.id &+ key.family &* 0x9E37_79B9
        return Int(truncatingIfNeeded: spread) & (Limits.hints - 1)
    }

    /// Notes where a document lies, in cache lines from some fixed place in the map: 32 bits reach
    /// 128 GiB to either side.
    @inline(__always)
    func remember(_ key: DocumentKey, _ bytes: RawSpan, base: Int) {
        let address = bytes.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
        guard let table, let line = Int32(exactly: (address - base) >> Self.lineBits) else {
            return
        }
        table[Self.slot(key)] = line
    }

    @inline(__always)
    func prefetch(_ key: DocumentKey, base: Int) {
        guard let table else { return }
        let line = Int(table[Self.slot(key)])
        if line != 0 {
            relay_prefetch_document(UInt(bitPattern: base + line << Self.lineBits))
        }
    }
}
