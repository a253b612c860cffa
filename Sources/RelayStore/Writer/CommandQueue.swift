import Glibc
import System

/// A command on its way through the writer.
struct QueuedCommand {
    let command: any WriteCommand
    /// When it was submitted, in microseconds on the monotonic clock.
    var since: Int64 = 0
    /// When it happens: given when the writer takes it.
    var time = CommandTime(clock: 0, lived: 0)

    init(_ command: any WriteCommand, since: Int64) {
        (self.command, self.since) = (command, since)
    }

    init(_ command: any WriteCommand, at time: CommandTime) {
        (self.command, self.time) = (command, time)
    }
}

/// The commands that wait for the writer: bounded in number and bytes, never blocking those who
/// submit.
final class CommandQueue: CommandEntrance, @unchecked Sendable {
    // SAFETY: allocated in init, deallocated in deinit; all other state is touched under `mutex`.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var waiting: [QueuedCommand] = []
    private var waitingBytes = 0
    private var isStopped = false
    /// What is to be submitted again, and when on the monotonic clock, in milliseconds.
    private var postponed: [(due: Int64, command: any WriteCommand)] = []

    init() {
        // SAFETY: until deinit; the queue is the only one to know them.
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// `evenIfFull` is for what frees room or ends what was begun: it may not be turned away.
    func submit(_ command: any WriteCommand, evenIfFull: Bool) -> Submission {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if isStopped { return .stopped }
        let byteCount = command.byteCount
        let hasRoom =
            waiting.count < Limits.queuedCommands
            // One command over the limit is let through alone, or it could never be.
            && (waiting.isEmpty || waitingBytes + byteCount <= Limits.queuedBytes)
        guard hasRoom || evenIfFull else { return .queueFull }
        waiting.append(QueuedCommand(command, since: SystemClock.monotonic.microseconds))
        waitingBytes += byteCount
        if waiting.count == 1 { pthread_cond_signal(condition) }
        return .accepted
    }

    /// Submits a command after some milliseconds, whatever waits then. It is dropped when the queue
    /// is stopped before.
    func submit(_ command: any WriteCommand, after milliseconds: Int64) {
        let due = SystemClock.monotonic.milliseconds + milliseconds
        pthread_mutex_lock(mutex)
        postponed.append((due, command))
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Lets those wait that are due; gives when the next one will be.
    private func takePostponed() -> Int64? {
        if postponed.isEmpty { return nil }
        let now = SystemClock.monotonic.milliseconds
        for entry in postponed where entry.due <= now {
            waiting.append(QueuedCommand(entry.command, since: now * 1_000))
            waitingBytes += entry.command.byteCount
        }
        postponed.removeAll { $0.due <= now }
        return postponed.map(\.due).min()
    }

    /// Waits for a command, or until a time on the monotonic clock in milliseconds.
    private func wait(until due: Int64?) {
        guard let due else {
            pthread_cond_wait(condition, mutex)
            return
        }
        var time = timespec(tv_sec: Int(due / 1_000), tv_nsec: Int(due % 1_000) * 1_000_000)
        pthread_cond_timedwait(condition, mutex, &time)
    }

    /// Waits for commands and moves all that make one group commit into `batch`; false once the queue
    /// is stopped and empty.
    func take(into batch: inout [QueuedCommand]) -> Bool {
        batch.removeAll(keepingCapacity: true)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            let due = takePostponed()
            if !waiting.isEmpty { break }
            if isStopped { return false }
            wait(until: due)
        }
        if waitingBytes <= Limits.commitBytes {
            swap(&waiting, &batch)
            waitingBytes = 0
            return true
        }
        var bytes = 0
        var count = 0
        while count < waiting.count {
            let next = waiting[count].command.byteCount
            if count > 0, bytes + next > Limits.commitBytes { break }
            bytes += next
            count += 1
        }
        batch.append(contentsOf: waiting[..<count])
        waiting.removeFirst(count)
        waitingBytes -= bytes
        return true
    }

    /// Lets the writer end once it has taken what waits.
    func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Commands that wait now.
    var count: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return waiting.count
    }
}
