import Testing

@testable import LMDB
@testable import RelayStore

@Suite struct OldestReaderTests {
    private func slot(_ process: Int32, _ thread: UInt, _ commit: UInt64?) -> ReaderSlot {
        ReaderSlot(process: process, thread: thread, transactionID: commit, isDead: false)
    }

    @Test("The oldest reader is the one with the oldest commit, and as old as it was seen with it.")
    func oldest() {
        var watch = ReaderWatch()
        #expect(watch.look(at: [slot(1, 1, nil)], 5) == nil)
        #expect(watch.look(at: [slot(1, 1, 9), slot(2, 1, nil)], 10)?.process == 1)
        let both = [slot(1, 1, 9), slot(2, 1, 9)]
        #expect(watch.look(at: both, 20) == OldestReader(process: 1, commit: 9, since: 10))
        // Another commit: that begins anew.
        let moved = [slot(1, 1, 10), slot(2, 1, 9)]
        #expect(watch.look(at: moved, 30) == OldestReader(process: 2, commit: 9, since: 20))
        #expect(watch.look(at: [slot(1, 1, 10)], 40)?.since == 30)
        #expect(watch.look(at: [], 50) == nil)
    }
}
