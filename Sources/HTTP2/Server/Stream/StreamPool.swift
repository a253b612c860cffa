import Glibc

/// The stream slots of one loop. Idle connections hold none.
///
/// Grows by chunks. They are never freed while the loop runs, because a token may still look at a slot;
/// but the pages of a chunk that nobody uses are given back, and read as zeros then: no generation is 0.
struct StreamPool {
    static let requestArenaOffset = (MemoryLayout<StreamState>.stride + 15) & ~15
    static let responseArenaOffset = requestArenaOffset + Limits.requestFieldBytes
    static let slotBytes = (responseArenaOffset + Limits.responseValueBytes + 63) & ~63

    /// Whole pages.
    private static let chunkBytes =
        (slotBytes * Limits.streamsPerChunk + SessionMemory.pageBytes - 1)
        & ~(SessionMemory.pageBytes - 1)

    private var free: Stream?
    /// Chunks whose slots are in use or on the free list.
    private var chunks: [UnsafeMutableRawPointer] = []
    /// Chunks whose pages were given back.
    private var empty: [UnsafeMutableRawPointer] = []
    private var generation: UInt64 = 0
    private(set) var inUse = 0

    /// A slot with nothing in it; its generation differs from all earlier uses.
    mutating func acquire() -> Stream {
        if free == nil { grow() }
        let slot = free!
        free = slot.next
        slot.pointer.pointee = StreamState()
        generation &+= 1
        slot.generation = generation
        inUse += 1
        return slot
    }

    /// Ends a slot's use and frees what it owned. What the slot itself holds of the request and its
    /// answer stays to be read until the slot is used again: see `AnswerTimes`.
    mutating func release(_ slot: Stream) {
        precondition(slot.phase != .free, "a stream slot is released once")
        // SAFETY: each of these was allocated for this use of the slot, and nobody else has it.
        if let overflow = slot.overflow { overflow.deallocate() }
        if let body = slot.requestBody { Glibc.free(body) }
        if let overflow = slot.responseOverflow { overflow.deallocate() }
        if let retained = slot.body.retained { Glibc.free(retained) }
        if slot.overflow != nil { slot.present = 0 }
        slot.overflow = nil
        slot.requestBody = nil
        slot.responseOverflow = nil
        // Of its body only how much was sent: a slot that is in nobody's use has no pieces, which the
        // end of a connection's turn would copy aside for nobody (`AttachedPieces.detachAll`).
        var sent = ResponseBody()
        sent.total = slot.body.total - slot.body.remaining
        sent.isOmitted = slot.body.isOmitted
        slot.body = sent
        slot.connection = nil
        slot.elder = nil
        slot.younger = nil
        slot.phase = .free
        slot.endedGeneration = slot.generation
        slot.generation = 0
        slot.next = free
        free = slot
        inUse -= 1
    }

    private mutating func grow() {
        // SAFETY: freed in `deallocate`, after the loop's thread has ended.
        let chunk =
            empty.popLast()
            ?? .allocate(byteCount: Self.chunkBytes, alignment: SessionMemory.pageBytes)
        chunks.append(chunk)
        for index in (0..<Limits.streamsPerChunk).reversed() {
            let slot = Self.slot(index, of: chunk)
            slot.pointer.initialize(to: StreamState())
            slot.next = free
            free = slot
        }
    }

    /// Gives the pages of chunks in which no slot is in use back to the system, but for one chunk.
    mutating func giveBack() {
        let before = chunks
        chunks = []
        free = nil
        for chunk in before {
            let slots = (0..<Limits.streamsPerChunk).map { Self.slot($0, of: chunk) }
            if !chunks.isEmpty, slots.allSatisfy({ $0.phase == .free }) {
                // SAFETY: whole pages of ours, in which nothing is but free slots.
                madvise(chunk, Self.chunkBytes, MADV_DONTNEED)
                empty.append(chunk)
                continue
            }
            chunks.append(chunk)
            for slot in slots.reversed() where slot.phase == .free {
                slot.next = free
                free = slot
            }
        }
    }

    private static func slot(_ index: Int, of chunk: UnsafeMutableRawPointer) -> Stream {
        // SAFETY: a chunk has room for `streamsPerChunk` slots.
        Stream(
            pointer: (chunk + index * slotBytes).bindMemory(to: StreamState.self, capacity: 1))
    }

    /// Returns the memory; no slot may be used afterwards.
    mutating func deallocate() {
        for chunk in chunks + empty { chunk.deallocate() }
        chunks = []
        empty = []
        free = nil
    }
}
