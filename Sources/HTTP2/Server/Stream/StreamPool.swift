import Glibc

/// The stream slots of one loop. Idle connections hold none.
///
/// Grows by chunks and never shrinks while the loop runs: see `Stream.generation`.
struct StreamPool {
    static let requestArenaOffset = (MemoryLayout<StreamState>.stride + 15) & ~15
    static let responseArenaOffset = requestArenaOffset + Limits.requestFieldBytes
    static let slotBytes = (responseArenaOffset + Limits.responseValueBytes + 63) & ~63

    private var free: Stream?
    private var chunks: [UnsafeMutableRawPointer] = []
    private(set) var inUse = 0

    /// A slot with nothing in it; its generation differs from all earlier uses.
    mutating func acquire() -> Stream {
        if free == nil { grow() }
        let slot = free!
        free = slot.next
        slot.next = nil
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
        let generation = slot.generation &+ 1
        slot.pointer.pointee = StreamState()
        slot.generation = generation
        slot.next = free
        free = slot
        inUse -= 1
    }

    private mutating func grow() {
        // SAFETY: freed in `deallocate`, after the loop's thread has ended.
        let chunk = UnsafeMutableRawPointer.allocate(
            byteCount: Self.slotBytes * Limits.streamsPerChunk, alignment: 64)
        chunks.append(chunk)
        for index in (0..<Limits.streamsPerChunk).reversed() {
            let pointer = (chunk + index * Self.slotBytes)
                .bindMemory(to: StreamState.self, capacity: 1)
            pointer.initialize(to: StreamState())
            let slot = Stream(pointer: pointer)
            slot.next = free
            free = slot
        }
    }

    /// Returns the memory; no slot may be used afterwards.
    mutating func deallocate() {
        for chunk in chunks { chunk.deallocate() }
        chunks = []
        free = nil
    }
}
