import Synchronization
import System
import Testing

@Suite("A bell")
struct BellTests {
    @Test(
        "that several threads ring at once wakes who waits without a limit, each time.",
        .timeLimit(.minutes(1)))
    func ringing() throws {
        let (threads, rings) = (4, 50_000)
        let bell = Bell()
        let count = Atomic<Int>(0)
        let ringers = try (0..<threads).map { _ in
            try SystemThread {
                for _ in 0..<rings {
                    count.add(1, ordering: .relaxed)
                    bell.ring()
                }
            }
        }
        // A ring that is lost would leave it waiting for ever.
        while count.load(ordering: .relaxed) < threads * rings {
            _ = bell.waitForRing(milliseconds: -1)
        }
        for ringer in ringers { ringer.join() }
        #expect(count.load(ordering: .relaxed) == threads * rings)
    }

    @Test("that was rung is heard once, however often it was rung.")
    func heardOnce() {
        let bell = Bell()
        #expect(!bell.waitForRing(milliseconds: 0))
        for _ in 0..<3 { bell.ring() }
        #expect(bell.waitForRing(milliseconds: 0))
        #expect(!bell.waitForRing(milliseconds: 0))
        bell.ring()
        #expect(bell.waitForRing(milliseconds: 0))
    }
}
