import Glibc
import Testing

@testable import System

@Suite struct IdlePriorityThreadTests {
    /// SCHED_IDLE, which Glibc's module does not name.
    private static let idle: Int32 = 5

    @Test("What it is asked for comes back, be it a value or an error.")
    func results() {
        let thread = IdlePriorityThread()
        for number in 0..<1_000 { #expect(thread.perform { number * 2 } == number * 2) }
        let refusal = FileError("open", path: "x", errno: EACCES)
        #expect(throws: refusal) {
            try thread.perform { () throws(FileError) in throw refusal }
        }
        let own = pthread_self()
        #expect(thread.perform { pthread_equal(pthread_self(), own) } == 0)
    }

    @Test("It runs where nobody else would, and once it was starved with a share of its own.")
    func starved() {
        let thread = IdlePriorityThread()
        #expect(thread.perform { sched_getscheduler(0) } == Self.idle && thread.isIdle)
        thread.insist()
        #expect(thread.perform { sched_getscheduler(0) } == SCHED_OTHER && !thread.isIdle)
        #expect(thread.perform { 7 } == 7)
        let second: Int64 = 1_000_000_000
        #expect(IdlePriorityThread.isStarved(wall: second, cpu: second / 100))
        #expect(!IdlePriorityThread.isStarved(wall: second, cpu: second / 2))
        #expect(!IdlePriorityThread.isStarved(wall: second / 100, cpu: 0))
    }
}
