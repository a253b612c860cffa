import LMDB
import Synchronization
import System

/// The thread that makes checkpoints: it has all pages of a commit reach the disk, says so in the log's
/// `control`, and only then lets go of the pages that the commit of the checkpoint before needs. So there
/// is always a commit that a recovery can begin from, whatever order the disk keeps pages in.
final class Checkpointer: Sendable {
    private let work: CheckpointWork
    private let thread: SystemThread

    /// Makes the first checkpoint, of a store that is whole without the log, and starts the thread.
    ///
    /// - Parameter number: that of the newest slot of `control`.
    init(
        _ core: StoreCore, _ control: LogControl, _ segments: LogSegments,
        _ health: StoreHealth, after number: UInt64
    ) throws(StoreError) {
        let work = CheckpointWork(core, control, segments, health, after: number)
        self.work = work
        thread = try lifting { () throws(ThreadError) in try SystemThread { work.run() } }
        while !work.hasBegun.load(ordering: .acquiring) {
            _ = work.done.waitForRing(milliseconds: -1)
        }
        if let error = work.failure.withLock({ $0 }) {
            thread.join()
            throw error
        }
    }

    deinit { stop() }

    /// Leaves a store that is whole without the log, and ends the thread.
    func stop() {
        work.isStopped.store(true, ordering: .releasing)
        work.bell.ring()
        thread.join()
    }

    /// Something was committed, and the log ends there.
    func committed(upTo offset: UInt64) { work.committed(upTo: offset) }

    /// Waits while too much lies behind the last checkpoint.
    func waitForRoom() { work.waitForRoom() }

    /// Waits for a checkpoint of what was committed by now: pages that were freed before can be used again.
    func waitForCheckpoint() { work.wait(forCheckpoints: 2) }

    /// What it has done.
    var progress: CheckpointProgress { work.progress }
}

private final class CheckpointWork: Sendable {
    let bell = Bell()
    /// Rung when a checkpoint is done, or cannot be.
    let done = Bell()
    let hasBegun = Atomic<Bool>(false)
    let isStopped = Atomic<Bool>(false)
    let failure = Mutex<StoreError?>(nil)
    private let core: StoreCore
    private let control: LogControl
    private let segments: LogSegments
    private let health: StoreHealth
    private let number: Atomic<UInt64>
    /// Where the log ends, and where it ended when the commit of the last checkpoint was made.
    private let end = Atomic<UInt64>(0)
    private let checkpointEnd = Atomic<UInt64>(0)
    /// Bytes of the store's file that were in use then.
    private let checkpointBytes = Atomic<Int>(0)
    private let isDirty = Atomic<Bool>(false)
    /// Whether somebody waits for a checkpoint.
    private let isWanted = Atomic<Bool>(false)
    private let count = Atomic<UInt64>(0)
    private let last = Atomic<Int64>(0)
    private let longest = Atomic<Int64>(0)
    private let waits = Atomic<UInt64>(0)

    init(
        _ core: StoreCore, _ control: LogControl, _ segments: LogSegments,
        _ health: StoreHealth, after number: UInt64
    ) {
        (self.core, self.control, self.segments) = (core, control, segments)
        self.health = health
        self.number = Atomic(number)
    }

    // MARK: The writer's side

    func committed(upTo offset: UInt64) {
        end.store(offset, ordering: .releasing)
        if !isDirty.exchange(true, ordering: .acquiringAndReleasing) || isDue { bell.ring() }
    }

    /// Bytes of the log that a recovery would read.
    private var behind: UInt64 {
        end.load(ordering: .acquiring) - checkpointEnd.load(ordering: .acquiring)
    }

    private var grown: Int {
        max(0, core.environment.statistics.usedBytes - checkpointBytes.load(ordering: .acquiring))
    }

    private var isDue: Bool {
        behind >= Limits.checkpointLogBytes || grown >= Limits.checkpointGrowthBytes
    }

    func waitForRoom() {
        guard isOverfull else { return }
        waits.add(1, ordering: .relaxed)
        // What grew while one was made is no reason to wait for more than one more.
        wait(forCheckpoints: 2) { self.isOverfull }
    }

    private var isOverfull: Bool {
        behind > Limits.mostLogBytes || grown > Limits.mostGrowthBytes
    }

    /// Waits until so many checkpoints have been made from now on, or a condition does not hold any more.
    func wait(forCheckpoints number: UInt64, while condition: () -> Bool = { true }) {
        let wanted = count.load(ordering: .acquiring) + number
        while count.load(ordering: .acquiring) < wanted, condition(),
            failure.withLock({ $0 == nil }), !isStopped.load(ordering: .acquiring)
        {
            isWanted.store(true, ordering: .releasing)
            bell.ring()
            _ = done.waitForRing(milliseconds: Limits.checkpointInterval)
        }
    }

    // MARK: The thread

    func run() {
        // The commit of the last checkpoint. It stays as it is until nobody writes any more, also when no
        // further one can be made: then it is what a recovery begins from.
        var pin: CommitPin?
        do throws(StoreError) {
            pin = try checkpoint()
            hasBegun.store(true, ordering: .releasing)
            done.ring()
            while let isDirty = waitForWork() {
                // The one before is let go of when this one is on the disk.
                if isDirty { pin = try checkpoint() }
                done.ring()
            }
            if health.fatalError == nil { try detach() }
        } catch {
            control.distrust()
            failure.withLock { $0 = error }
            health.checkpointFailed(error)
            hasBegun.store(true, ordering: .releasing)
            done.ring()
            while pin != nil, !isStopped.load(ordering: .acquiring) {
                _ = bell.waitForRing(milliseconds: -1)
            }
        }
        // Not earlier.
        pin = nil
    }

    /// Waits until a checkpoint is due, or wanted.
    ///
    /// - Returns: nil when the thread is to end; false when there is nothing to do after all.
    private func waitForWork() -> Bool? {
        if !isDirty.load(ordering: .acquiring), !isAsked {
            _ = bell.waitForRing(milliseconds: -1)
        }
        // The bell may have been rung before: that something was committed is no reason to hurry.
        let deadline = SystemClock.monotonic.milliseconds + Limits.checkpointInterval
        while !isDue, !isAsked {
            let rest = deadline - SystemClock.monotonic.milliseconds
            if rest <= 0 { break }
            _ = bell.waitForRing(milliseconds: rest)
        }
        if isStopped.load(ordering: .acquiring) { return nil }
        let wasWanted = isWanted.exchange(false, ordering: .acquiringAndReleasing)
        return isDirty.exchange(false, ordering: .acquiringAndReleasing) || wasWanted
    }

    private var isAsked: Bool {
        isWanted.load(ordering: .acquiring) || isStopped.load(ordering: .acquiring)
    }

    /// Makes a checkpoint of the newest commit.
    private func checkpoint() throws(StoreError) -> CommitPin {
        let start = SystemClock.monotonic.microseconds
        // What is written to files without a name, no recovery finds.
        if !control.isInPlace || !segments.areInPlace {
            throw .log(.missing(path: segments.directory))
        }
        let pin = try core.pin()
        let position = try core.logPosition(of: pin)
        let bytes = core.environment.statistics.usedBytes
        try lifting { () throws(LMDBError) in
            try core.environment.writeOut()
            try core.environment.sync()
        }
        let state = try LogControl.State(
            after: number.load(ordering: .relaxed), segments, checkpoint: pin, position)
        try lifting { () throws(FileError) in try control.write(state) }
        number.add(1, ordering: .relaxed)
        checkpointEnd.store(position.offset, ordering: .releasing)
        checkpointBytes.store(bytes, ordering: .releasing)
        segments.release(before: position.offset)
        // Room ahead, so that the writer need not make it; without it the writer waits for checkpoints.
        if !segments.hasSpare { try? segments.makeSpare() }
        let spent = SystemClock.monotonic.microseconds - start
        count.add(1, ordering: .releasing)
        last.store(spent, ordering: .relaxed)
        if spent > longest.load(ordering: .relaxed) { longest.store(spent, ordering: .relaxed) }
        return pin
    }

    private func detach() throws(StoreError) {
        try core.detach(control, segments, after: number.load(ordering: .relaxed))
    }

    var progress: CheckpointProgress {
        CheckpointProgress(
            count: count.load(ordering: .relaxed),
            lastMicroseconds: last.load(ordering: .relaxed),
            longestMicroseconds: longest.load(ordering: .relaxed), logBytesBehind: behind,
            grownBytes: grown, waits: waits.load(ordering: .relaxed))
    }
}
