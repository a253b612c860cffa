import CLinux
import CivilTime
import Glibc
import Synchronization
import System

/// Writes lines to a descriptor, on a thread of its own: whoever logs never waits for a full pipe or a
/// slow disk. Lines that find no room, or that cannot be written, are lost and counted, and as soon as
/// lines can be written again one says how many.
final class LogWriter: Sendable {
    private struct Queue {
        var bytes: [UInt8] = []
        /// Lines that were lost and that no line has told of.
        var untold = 0
    }

    private let descriptor: Int32
    private let format: LogFormat
    private let hasPriority: Bool
    private let repeats: RepeatedEvents
    private let queue = Mutex(Queue())
    private let bell = Bell()
    private let ended = Bell()
    private let isEnding = Atomic<Bool>(false)
    private let thread = Mutex<SystemThread?>(nil)
    private let written = Atomic<UInt64>(0)
    private let lost = Atomic<UInt64>(0)

    init(
        _ descriptor: Int32, _ format: LogFormat, hasPriority: Bool, _ repeats: RepeatedEvents
    ) throws(ThreadError) {
        self.descriptor = descriptor
        self.format = format
        self.hasPriority = hasPriority
        self.repeats = repeats
        let made = try SystemThread { [self] in run() }
        thread.withLock { $0 = made }
    }

    /// Lines that were written.
    var writtenLines: UInt64 { written.load(ordering: .relaxed) }
    /// Lines that were lost.
    var lostLines: UInt64 { lost.load(ordering: .relaxed) }

    /// Queues a line; never waits.
    func write(_ event: LogEvent) {
        let line = format.line(event, at: .now, hasPriority: hasPriority)
        let isFirst = queue.withLock { queue in
            if queue.bytes.count + line.count > Limits.queuedBytes {
                queue.untold += 1
                lost.add(1, ordering: .relaxed)
                return false
            }
            queue.bytes += line
            return queue.bytes.count == line.count
        }
        if isFirst { bell.ring() }
    }

    /// Has the thread look again when the next of `repeats` is due.
    func look() { bell.ring() }

    /// Writes what waits and ends the thread. If it cannot within a while, it is left to itself.
    func finish() {
        isEnding.store(true, ordering: .releasing)
        bell.ring()
        _ = ended.waitForRing(milliseconds: Limits.finishMilliseconds)
    }

    // MARK: The thread

    private func run() {
        var isTorn = false
        while true {
            let isLast = isEnding.load(ordering: .acquiring)
            let now = SystemClock.monotonic.milliseconds
            for event in repeats.takeUntold(at: isLast ? .max : now) { write(event) }
            drain(&isTorn)
            if isLast { break }
            let due = repeats.nextDue.map { max(0, $0 - now) }
            _ = bell.waitForRing(milliseconds: due ?? -1)
        }
        ended.ring()
    }

    /// Writes what waits, then how much was lost meanwhile.
    private func drain(_ isTorn: inout Bool) {
        let (bytes, untold) = queue.withLock { queue in
            let taken = (queue.bytes, queue.untold)
            queue.bytes = []
            queue.untold = 0
            return taken
        }
        if bytes.isEmpty, untold == 0 { return }
        var missed = untold + put(bytes, &isTorn)
        if missed == 0 { return }
        let event = LogEvent(
            .warning, "log_lines_lost", "lines of this log could not be written in time",
            [("lines", .number(missed))])
        let notice = format.line(event, at: .now, hasPriority: hasPriority)
        if put(notice, &isTorn, isNotice: true) == 0 { missed = 0 }
        if missed > 0 { queue.withLock { $0.untold += missed } }
    }

    /// Writes whole lines.
    ///
    /// - Parameters:
    ///   - isTorn: whether the last line before is without its end.
    ///   - isNotice: not counted when it is lost.
    /// - Returns: lines that were lost.
    private func put(_ lines: [UInt8], _ isTorn: inout Bool, isNotice: Bool = false) -> Int {
        // First the end of the line that is torn, which was lost before.
        let first = isTorn ? 1 : 0
        let bytes = isTorn ? [UInt8(ascii: "\n")] + lines : lines
        let taken = bytes.withUnsafeBytes { bytes in
            var taken = 0
            // SAFETY: the array lives through the closure, and write(2) does not keep the pointer.
            while taken < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + taken, bytes.count - taken)
                if count >= 0 {
                    taken += count
                } else if errno == EAGAIN, !isEnding.load(ordering: .acquiring) {
                    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&wait, 1, Limits.pauseMilliseconds)
                } else if errno != EINTR {
                    break
                }
            }
            return taken
        }
        if taken > 0 { isTorn = bytes[taken - 1] != UInt8(ascii: "\n") }
        // The rest begins within a line, which is lost too.
        let missed = bytes[max(taken, first)...].count { $0 == UInt8(ascii: "\n") }
        if isNotice { return missed }
        written.add(UInt64(lines.count { $0 == UInt8(ascii: "\n") } - missed), ordering: .relaxed)
        lost.add(UInt64(missed), ordering: .relaxed)
        return missed
    }
}
