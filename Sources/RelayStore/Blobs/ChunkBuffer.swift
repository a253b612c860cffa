import Glibc

/// Memory of one chunk, behind the head of the command that stores it: `PutChunk`'s encoding.
final class ChunkBuffer: @unchecked Sendable {
    // SAFETY: mapped in init, unmapped in deinit; filled and sealed before it is handed to the writer. A
    // mapping of its own goes back to the system, where the heap would keep what many uploads took once.
    private let base: UnsafeMutableRawPointer
    private(set) var count = 0

    /// The command's head, blob u64, number u32, bytes u32.
    private static let headBytes = CommandReader.headBytes + 16
    private static let mappedBytes = headBytes + Limits.chunkBytes

    init() {
        // SAFETY: until deinit.
        let memory = mmap(
            nil, Self.mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("no memory for a chunk") }
        base = memory
    }

    deinit { munmap(base, Self.mappedBytes) }

    /// Takes as much as there is room for; says how much.
    func fill(_ bytes: UnsafeRawBufferPointer) -> Int {
        let length = min(bytes.count, Limits.chunkBytes - count)
        guard length > 0, let start = bytes.baseAddress else { return 0 }
        memcpy(base + Self.headBytes + count, start, length)
        count += length
        return length
    }

    /// Says which chunk it is, once nothing more comes.
    func seal(_ blob: UInt64, _ number: Int) {
        let head = CommandReader.headBytes
        base.storeBytes(of: PutChunk.kind.rawValue, as: UInt8.self)
        base.storeBytes(of: blob.littleEndian, toByteOffset: head, as: UInt64.self)
        base.storeBytes(
            of: UInt32(number).littleEndian, toByteOffset: head + 8, as: UInt32.self)
        base.storeBytes(
            of: UInt32(count).littleEndian, toByteOffset: head + 12, as: UInt32.self)
    }

    /// The blob's id.
    var blob: UInt64 {
        UInt64(
            littleEndian: base.loadUnaligned(
                fromByteOffset: CommandReader.headBytes, as: UInt64.self))
    }

    /// Which of the blob's chunks it is.
    var number: Int {
        Int(
            UInt32(
                littleEndian: base.loadUnaligned(
                    fromByteOffset: CommandReader.headBytes + 8, as: UInt32.self)))
    }

    /// The command that stores it; there as long as this object is.
    var encoding: UnsafeRawBufferPointer {
        // SAFETY: the mapping goes with the object, which the command that asks holds.
        UnsafeRawBufferPointer(start: base, count: Self.headBytes + count)
    }

    var bytes: RawSpan {
        @_lifetime(borrow self) get {
            // SAFETY: the buffer lives as long as this object.
            let span = RawSpan(_unsafeStart: base + Self.headBytes, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
