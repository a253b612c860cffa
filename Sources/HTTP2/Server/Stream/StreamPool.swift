import Glibc

/// The stream slots of one loop. Idle connections hold none.
///
/// Grows by chunks. They are never freed while the loop runs, because a token may still look at a slot;
/// but pages that nobody uses are given back, and read as zeros then: no generation is 0.
struct StreamPool {
    static let requestArenaOffset = (MemoryLayout<StreamState>.stride + 15) & ~15
    static let responseArenaOffset = requestArenaOffset + Limits.requestFieldBytes
    static let slotBytes = (responseArenaOffset + Limits.responseValueBytes + 63) & ~63

    private static let pageBytes = 4_096
    private static let chunkBytes =
        (slotBytes * Limits.streamsPerChunk + pageBytes - 1) & ~(pageBytes - 1)

    private var free: Stream?
    private var chunks: [UnsafeMutableRawPointer] = []
    /// Slots that were handed out since the pages were last given back; those behind are untouched.
    private var touched = 0
    private var generation: UInt64 = 0
    private(set) var inUse = 0

    /// A slot with nothing in it; its generation differs from all earlier uses.
    mutating func acquire() -> Stream {
        let slot = free ?? fresh()
        free = slot.next
        slot.next = nil
        generation &+= 1
        slot.generation = generation
        inUse += 1
        return slot
    }

    /// Ends a slot's use and frees what it owned.
    mutating func release(_ slot: Stream) {
        precondition(slot.phase != .free, "a stream slot is released once")
        // SAFETY: each of these was allocated for this use of the slot, and nobody else has it.
        if let overflow = slot.overflow { overflow.deallocate() }
        if let body = slot.requestBody { Glibc.free(body) }
        if let overflow = slot.responseOverflow { overflow.deallocate() }
        if let retained = slot.body.retained { Glibc.free(retained) }
        slot.pointer.pointee = StreamState()
        slot.next = free
        free = slot
        inUse -= 1
    }

    /// A slot that was not used yet, with no other one behind it.
    private mutating func fresh() -> Stream {
        let (chunk, index) = touched.quotientAndRemainder(dividingBy: Limits.streamsPerChunk)
        if chunk == chunks.count {
            // SAFETY: freed in `deallocate`, after the loop's thread has ended.
            chunks.append(.allocate(byteCount: Self.chunkBytes, alignment: Self.pageBytes))
        }
        touched += 1
        let pointer = (chunks[chunk] + index * Self.slotBytes)
            .bindMemory(to: StreamState.self, capacity: 1)
        pointer.initialize(to: StreamState())
        return Stream(pointer: pointer)
    }

    /// Gives the pages of all chunks but the first back to the system, if no slot is in use.
    mutating func giveBack() {
        if inUse > 0 || touched <= Limits.streamsPerChunk { return }
        // SAFETY: whole pages of ours, in which nothing is but free slots.
        for chunk in chunks.dropFirst() { madvise(chunk, Self.chunkBytes, MADV_DONTNEED) }
        free = nil
        touched = 0
    }

    /// Returns the memory; no slot may be used afterwards.
    mutating func deallocate() {
        for chunk in chunks { chunk.deallocate() }
        chunks = []
        free = nil
    }
}
