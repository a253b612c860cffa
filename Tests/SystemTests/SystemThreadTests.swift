import Glibc
import Synchronization
import System
import TestSupport
import Testing

@Suite("A thread")
struct SystemThreadTests {
    @Test("runs its body beside its maker, and is waited for as often as anybody likes.")
    func join() throws {
        let maker = UInt(pthread_self())
        let runner = Atomic<UInt>(0)
        let thread = try SystemThread { runner.store(UInt(pthread_self()), ordering: .releasing) }
        thread.join()
        thread.join()
        let seen = runner.load(ordering: .acquiring)
        #expect(seen != 0 && seen != maker)
    }

    @Test("goes on when nobody knows it any more, and lets go of its body at its end.")
    func detached() throws {
        final class Held: Sendable {}
        weak var held: Held?
        let (ended, go) = (Semaphore(), Semaphore())
        do {
            let body = Held()
            held = body
            _ = try SystemThread {
                withExtendedLifetime(body) { go.wait() }
                ended.post()
            }
        }
        go.post()
        ended.wait()
        // The body is let go just behind its last statement.
        while held != nil { sched_yield() }
        #expect(held == nil)
    }

    @Test("of the background has a lower priority, and its maker keeps his.")
    func background() throws {
        let mine = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        let nice = Atomic<Int32>(-99)
        let thread = try BackgroundThread {
            nice.store(
                getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0), ordering: .releasing)
        }
        thread.join()
        #expect(nice.load(ordering: .acquiring) == 10)
        #expect(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) == mine)
    }
}
