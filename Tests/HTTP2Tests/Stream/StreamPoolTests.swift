import Testing

@testable import HTTP2

@Suite("The pool of stream slots")
struct StreamPoolTests {
    @Test("gives back chunks that nobody uses, and slots of them are found by no token.")
    func giveBack() {
        var pool = StreamPool()
        defer { pool.deallocate() }
        let slots = (0..<10 * Limits.streamsPerChunk).map { _ in taken(&pool) }
        let generations = slots.map { $0.generation }
        #expect(Set(generations).count == slots.count)
        // One slot stays in use, in the midst of them.
        let kept = slots[5 * Limits.streamsPerChunk + 3]
        for slot in slots where slot != kept { pool.release(slot) }
        pool.giveBack()
        #expect(pool.inUse == 1)
        #expect(kept.phase == .receiving && kept.generation != 0)
        for (slot, generation) in zip(slots, generations) where slot != kept {
            #expect(slot.generation != generation && slot.phase == .free)
        }
        // All of them are had again, each once, and none is the one in use.
        let again = (0..<10 * Limits.streamsPerChunk - 1).map { _ in taken(&pool) }
        #expect(Set(again.map { $0.address }).count == again.count)
        #expect(!again.contains(kept))
        #expect(Set(again.map { $0.address }).isSubset(of: slots.map { $0.address }))
        for slot in again + [kept] { pool.release(slot) }
    }

    @Test("leaves nothing of an answer that was not sent, but how much of it was.")
    func unsent() {
        var pool = StreamPool()
        defer { pool.deallocate() }
        let slot = taken(&pool)
        slot.body.total = 100
        slot.body.remaining = 60
        slot.body.pieceCount = 2
        slot.body.hasMore = true
        pool.release(slot)
        // Else the end of the turn copies pieces for a stream that has ended.
        #expect(slot.body.pieceCount == 0 && slot.body.remaining == 0 && !slot.body.hasMore)
        #expect(Exchange(stream: slot).sentBytes == 40)
    }

    private func taken(_ pool: inout StreamPool) -> Stream {
        let slot = pool.acquire()
        #expect(slot.phase == .free && slot.next == nil && slot.requestUsed == 0)
        slot.phase = .receiving
        return slot
    }
}
