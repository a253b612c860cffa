import Glibc
import JSON

extension Timestamp {
    /// Now, in milliseconds, as every time of the contract is. The times of changes are not taken from
    /// here: `RecordApplier.stamp` gives them.
    public static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(
            milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
