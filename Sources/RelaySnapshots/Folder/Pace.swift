import Glibc
import System

/// Holds work back to so many bytes a second.
struct Pace {
    private let bytesPerSecond: Int?
    private let start = SystemClock.monotonic.nanoseconds
    private var done = 0

    /// Without a number it holds nothing back.
    init(bytesPerSecond: Int?) { self.bytesPerSecond = bytesPerSecond }

    /// Waits until these bytes may have been done.
    mutating func pass(_ bytes: Int) {
        guard let bytesPerSecond else { return }
        done += bytes
        let due = start + Int64(Double(done) / Double(bytesPerSecond) * 1e9)
        while true {
            let early = due - SystemClock.monotonic.nanoseconds
            if early <= 0 { return }
            usleep(UInt32(min(early / 1000 + 1, 500_000)))
        }
    }
}
