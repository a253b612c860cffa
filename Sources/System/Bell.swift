import CLinux
import Glibc
import Synchronization

/// What one thread sleeps by, until another one rings or some time has passed.
public final class Bell: Sendable {
    private let isRung = Atomic<Bool>(false)
    /// Where there is none, the thread wakes when its time has passed.
    private let event = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    /// Makes a bell that nobody has rung.
    public init() {}

    deinit { close(event) }

    /// Wakes who waits, or who waits next.
    public func ring() {
        // Who rang before, and was not heard yet, writes.
        if isRung.exchange(true, ordering: .acquiringAndReleasing) { return }
        Wakes.wake(event, of: self)
    }

    /// Sleeps until the bell is rung, or for so many milliseconds; -1 for any time.
    ///
    /// - Parameter other: a descriptor that wakes as well when it can be read; -1 for none.
    /// - Returns: whether it was rung since the last wait that says so.
    public func waitForRing(milliseconds: Int64, orReadable other: Int32 = -1) -> Bool {
        if isRung.exchange(false, ordering: .acquiringAndReleasing) { return true }
        // poll(2) passes over descriptors below 0.
        var descriptors: InlineArray<2, pollfd> = [
            pollfd(fd: event, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        let most = event < 0 && milliseconds < 0 ? Limits.bellMilliseconds : milliseconds
        var span = descriptors.mutableSpan
        // SAFETY: both live through the call.
        _ = span.withUnsafeMutableBufferPointer {
            poll($0.baseAddress, nfds_t($0.count), Int32(clamping: most))
        }
        var value: eventfd_t = 0
        eventfd_read(event, &value)
        return isRung.exchange(false, ordering: .acquiringAndReleasing)
    }
}
