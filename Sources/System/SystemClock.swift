import Glibc

/// One of the kernel's clocks (clock_gettime).
@frozen
public struct SystemClock: Sendable {
    @usableFromInline let id: clockid_t

    @inlinable
    init(id: clockid_t) { self.id = id }

    /// Time that nobody sets (CLOCK_MONOTONIC): only how far two readings are apart means anything.
    @inlinable
    public static var monotonic: SystemClock { SystemClock(id: CLOCK_MONOTONIC) }

    /// As `monotonic`, but of the kernel's last tick, up to 4 ms old: a reading costs a few
    /// nanoseconds (CLOCK_MONOTONIC_COARSE).
    @inlinable
    public static var coarse: SystemClock { SystemClock(id: CLOCK_MONOTONIC_COARSE) }

    /// Time since 1970 in UTC as the machine has it: it may be wrong, and jump either way
    /// (CLOCK_REALTIME).
    @inlinable
    public static var wall: SystemClock { SystemClock(id: CLOCK_REALTIME) }

    /// CPU time of the calling thread (CLOCK_THREAD_CPUTIME_ID).
    @inlinable
    public static var threadCPU: SystemClock { SystemClock(id: CLOCK_THREAD_CPUTIME_ID) }

    /// CPU time of this process (CLOCK_PROCESS_CPUTIME_ID).
    @inlinable
    public static var processCPU: SystemClock { SystemClock(id: CLOCK_PROCESS_CPUTIME_ID) }

    /// CPU time of a process, of all its threads; nil when there is none.
    public init?(cpuOf process: pid_t) {
        var id = clockid_t()
        guard clock_getcpuclockid(process, &id) == 0 else { return nil }
        self.id = id
    }

    /// CPU time of the calling thread, for other threads to read (pthread_getcpuclockid).
    public static var callingThreadCPU: SystemClock {
        var id = clockid_t()
        pthread_getcpuclockid(pthread_self(), &id)
        return SystemClock(id: id)
    }

    @inlinable
    var time: timespec {
        var time = timespec()
        clock_gettime(id, &time)
        return time
    }

    /// Nanoseconds; 0 when the thread or process of a CPU clock has ended.
    @inlinable
    public var nanoseconds: Int64 {
        let time = time
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Whole microseconds.
    @inlinable
    public var microseconds: Int64 {
        let time = time
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// Whole milliseconds.
    @inlinable
    public var milliseconds: Int64 {
        let time = time
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
