import Glibc
import Metrics
import Synchronization
import System

/// What the writer's thread does.
final class GroupCommit: Sendable {
    let queue = CommandQueue()
    /// Loops answer what came of a group together.
    private let wakes = Wakes()
    let commits = Atomic<UInt64>(0)
    let commands = Atomic<UInt64>(0)
    let largest = Atomic<UInt64>(0)
    let busy = Atomic<UInt64>(0)
    /// When the present group was taken, in microseconds on the monotonic clock.
    let takenAt = Atomic<Int64>(0)
    /// Microseconds that commands waited for the writer, and that commits took, the disk included.
    let queueWait = Histogram(.microseconds)
    let commitTime = Histogram(.microseconds)
    /// Commands in a commit.
    let groupSize = Histogram(.numbers)
    let listeners = CommitListeners()
    private let core: StoreCore
    private let retention: Retention
    private let health: StoreHealth
    /// What groups are kept in before they are committed; nil when each commit waits for the disk.
    let log: CommandLog?

    init(
        _ core: StoreCore, _ retention: Retention, _ health: StoreHealth, log: CommandLog? = nil
    ) {
        self.core = core
        self.log = log
        self.retention = retention
        self.health = health
    }

    func run() {
        var batch: [QueuedCommand] = []
        while queue.take(into: &batch) {
            let start = SystemClock.monotonic.microseconds
            takenAt.store(start, ordering: .relaxed)
            let now = core.now
            for index in batch.indices {
                batch[index].time = now
                queueWait.record(start - batch[index].since)
            }
            commitAll(batch)
            let spent = SystemClock.monotonic.microseconds - start
            busy.add(UInt64(spent), ordering: .relaxed)
        }
    }

    /// Commits what is meant, then makes the dry runs, which so see what a client did before.
    func commitAll(_ batch: [QueuedCommand]) {
        guard batch.contains(where: { $0.command.isDryRun }) else { return commit(batch[...]) }
        commit(batch.filter { !$0.command.isDryRun }[...])
        for queued in batch where queued.command.isDryRun { runDry(queued) }
    }

    /// Applies a command in a transaction of its own and throws that away: whatever the command
    /// checks is checked, whatever it would answer is answered, and nothing reaches the disk.
    private func runDry(_ queued: QueuedCommand) {
        let result: Result<Void, StoreError>
        do throws(StoreError) {
            if let fault = health.fatalError { throw fault }
            var transaction = try StoreTransaction(core, isDryRun: true)
            transaction.begin(at: queued.time)
            try queued.command.apply(to: &transaction)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        queued.command.complete(result)
    }

    /// Commits a group. A command that fails is taken out of it: those before it are committed
    /// without it, those after it make the next group, which it begins where it is applied again. So each
    /// failure costs one commit more.
    private func commit(_ group: ArraySlice<QueuedCommand>) {
        var rest = group
        var hasWaited = false
        while let first = rest.first {
            if let refusal = first.command.refusal {
                first.command.complete(.failure(refusal))
                rest = rest.dropFirst()
                continue
            }
            let outcome = attempt(rest)
            if let log, !hasWaited, rest.count == 1, outcome.error == .storeFull {
                // What was deleted since the last checkpoint is room as well, from the next one on.
                hasWaited = true
                log.waitForCheckpoint()
                core.tickIfFull()
                continue
            }
            switch outcome {
            case .committed:
                return complete(rest)
            case .commandFailed(let index, let error):
                let isAgain = rest[index].command.isAppliedAgain(after: error)
                if !isAgain { health.commandFailed(error) }
                commit(rest[..<index])
                if isAgain {
                    rest = rest[index...]
                    continue
                }
                rest[index].command.complete(.failure(error))
                rest = rest[(index + 1)...]
            case .commitFailed(.storeFull) where rest.count > 1:
                // The disk, perhaps; what deletes or fits must not fail with what does not.
                for queued in rest { commit([queued]) }
                return
            case .commitFailed(let error):
                health.writeFailed(error)
                for queued in rest { queued.command.complete(.failure(error)) }
                return
            }
        }
    }

    /// Commands between two steps aside: few of them, but never so few that a group steps aside
    /// more than `Limits.yieldsPerCommit` times, or loops that are always busy would starve it.
    static func commandsBetweenYields(of commands: Int) -> Int {
        max(
            Limits.commandsBetweenYields,
            (commands + Limits.yieldsPerCommit - 1) / Limits.yieldsPerCommit)
    }

    private enum Attempt {
        case committed
        case commandFailed(Int, StoreError)
        case commitFailed(StoreError)

        var error: StoreError? {
            switch self {
            case .committed: nil
            case .commandFailed(_, let error), .commitFailed(let error): error
            }
        }
    }

    private func attempt(_ group: ArraySlice<QueuedCommand>) -> Attempt {
        do throws(StoreError) {
            log?.waitForRoom()
            if let fault = health.fatalError { throw fault }
            try log?.begin(group)
        } catch {
            return .commitFailed(error)
        }
        let outcome = apply(group)
        guard let log, let error = outcome.error else { return outcome }
        do throws(StoreError) {
            try log.takeBack(because: error)
        } catch {
            return .commitFailed(error)
        }
        return outcome
    }

    private func apply(_ group: ArraySlice<QueuedCommand>) -> Attempt {
        do throws(StoreError) {
            var transaction = try StoreTransaction(core)
            let interval = Self.commandsBetweenYields(of: group.count)
            for index in group.indices {
                if let refusal = group[index].command.refusal {
                    return .commandFailed(index, refusal)
                }
                transaction.begin(at: group[index].time)
                do throws(StoreError) {
                    try group[index].command.apply(to: &transaction)
                } catch {
                    return .commandFailed(index, error)
                }
                // A loop that shares the core answers what has come in meanwhile: its slowest
                // reads wait for a few commands, not for a group. p99 beside writes: 0.85 -> 0.43 ms.
                if (index - group.startIndex + 1) % interval == 0 { sched_yield() }
            }
            try transaction.trimChanges(
                retention, limit: Limits.trimmedChanges + 2 * group.count)
            let released = transaction.released
            let start = SystemClock.monotonic.microseconds
            if let log {
                try log.commit(transaction)
            } else {
                try transaction.commit()
            }
            commitTime.record(SystemClock.monotonic.microseconds - start)
            if !released.isEmpty {
                let removal = UploadRemoval(released, queue)
                _ = queue.submit(removal, evenIfFull: true)
            }
            return .committed
        } catch {
            return .commitFailed(error)
        }
    }

    private func complete(_ group: ArraySlice<QueuedCommand>) {
        commits.add(1, ordering: .relaxed)
        commands.add(UInt64(group.count), ordering: .relaxed)
        groupSize.record(Int64(group.count))
        // This thread is the only one that stores it.
        if UInt64(group.count) > largest.load(ordering: .relaxed) {
            largest.store(UInt64(group.count), ordering: .relaxed)
        }
        wakes.together {
            listeners.tell()
            for queued in group { queued.command.complete(.success(())) }
        }
        core.tickIfFull()
        core.clearDeadReadersIfGrown()
    }
}
