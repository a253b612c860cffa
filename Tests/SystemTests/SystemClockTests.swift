import Glibc
import System
import Testing

@Suite("A clock of the kernel")
struct SystemClockTests {
    @Test("tells one time in nanoseconds, microseconds and milliseconds.")
    func units() {
        for clock in [SystemClock.monotonic, .coarse, .wall, .threadCPU, .processCPU] {
            let first = clock.nanoseconds
            let (micro, milli) = (clock.microseconds, clock.milliseconds)
            let last = clock.nanoseconds
            #expect(first / 1_000 <= micro && micro <= last / 1_000)
            #expect(first / 1_000_000 <= milli && milli <= last / 1_000_000)
        }
        #expect(abs(SystemClock.wall.milliseconds / 1_000 - Int64(time(nil))) <= 1)
    }

    @Test("counts the CPU time of one thread, and of a process that exists.")
    func processors() throws {
        let (thread, process) = (SystemClock.threadCPU, try #require(SystemClock(cpuOf: getpid())))
        // First that of the process: what passes between the two is not the thread's 5 ms.
        let (whole, start) = (process.nanoseconds, thread.nanoseconds)
        var sum: UInt64 = 0
        while thread.nanoseconds - start < 5_000_000 { sum &+= 1 }
        #expect(process.nanoseconds - whole >= 5_000_000 && sum > 0)
        // Numbers of processes end below this one (PID_MAX_LIMIT).
        #expect(SystemClock(cpuOf: 1 << 22) == nil)
    }
}
