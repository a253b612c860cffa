import Metrics
import Synchronization
import System

/// The one thread that writes: takes all commands that wait, applies them in one transaction,
/// commits it durably and then completes them.
///
/// A thread of its own, because an LMDB write transaction belongs to the thread that began it.
public final class Writer: Sendable {
    private let group: GroupCommit
    private let thread: SystemThread
    /// What writes to a log first that hosts share, if they do.
    public let replication: LogClient?

    /// Starts the writer of a store; there must be one at most. Throws when there is no room for its threads.
    ///
    /// - Parameters:
    ///   - health: told of commits that fail.
    ///   - sharing: the log that the store shares with other hosts, if it is a replica.
    public convenience init(
        _ store: Store, retention: Retention = Retention(), health: StoreHealth = StoreHealth(),
        sharing: Replication? = nil
    ) throws(StoreError) {
        try self.init(GroupCommit(store.core, retention, health), store.core, health, sharing)
    }

    /// Starts the writer of a store that keeps what it commits in the store's log, `log/` beside the data
    /// file: one write to it and one wait for the disk make a group durable. The store must have been opened
    /// with a recovery, and have the newest format.
    ///
    /// - Parameter segmentBytes: of each file of the log, a multiple of 4 096.
    public convenience init(
        logging store: Store, retention: Retention = Retention(),
        health: StoreHealth = StoreHealth(), segmentBytes: Int = Limits.logSegmentBytes,
        sharing: Replication? = nil
    ) throws(StoreError) {
        precondition(segmentBytes >= 16_384 && segmentBytes % 4_096 == 0)
        let log = try CommandLog(store.core, health, segmentBytes: segmentBytes)
        try self.init(
            GroupCommit(store.core, retention, health, log: log), store.core, health, sharing)
    }

    private init(
        _ group: GroupCommit, _ core: StoreCore, _ health: StoreHealth, _ sharing: Replication?
    ) throws(StoreError) {
        self.group = group
        do throws(StoreError) {
            thread = try lifting { () throws(ThreadError) in try SystemThread { group.run() } }
        } catch {
            group.log?.close()
            throw error
        }
        do throws(StoreError) {
            replication = try sharing.map { sharing throws(StoreError) in
                try LogClient(sharing, core, group.queue, health)
            }
        } catch {
            group.queue.stop()
            thread.join()
            group.log?.close()
            throw error
        }
    }

    deinit { stop() }

    /// Queues a command; never blocks.
    public func submit(_ command: any WriteCommand) -> Submission {
        if let replication { return replication.submit(command, evenIfFull: false) }
        return group.queue.submit(command, evenIfFull: false)
    }

    /// Where commands are submitted to.
    var entrance: any CommandEntrance { replication ?? group.queue }

    /// Who is told of commits.
    public var listeners: CommitListeners { group.listeners }

    var queue: CommandQueue { group.queue }

    /// Takes no more commands, completes all that wait and ends the thread. Not to be called from
    /// `WriteCommand.complete`.
    public func stop() {
        replication?.stop()
        group.queue.stop()
        thread.join()
        group.log?.close()
    }

    /// What the store's log is doing; nil when each commit waits for the disk.
    public var log: LogFigures? { group.log?.figures }

    /// Commands that wait now.
    public var queuedCommands: Int { group.queue.count }

    /// Group commits since the start.
    public var commits: UInt64 { group.commits.load(ordering: .relaxed) }

    /// Commands that are durable since the start.
    public var commands: UInt64 { group.commands.load(ordering: .relaxed) }

    /// Commands of the largest group that was committed at once.
    public var largestGroup: UInt64 { group.largest.load(ordering: .relaxed) }

    /// Microseconds that commands waited until the writer took them.
    public var queueWait: HistogramValues { group.queueWait.values }

    /// Microseconds that commits took until they were on the disk.
    public var commitTime: HistogramValues { group.commitTime.values }

    /// Commands that were committed together.
    public var groupSize: HistogramValues { group.groupSize.values }

    /// When the group was taken whose commands are completed now, in microseconds on the monotonic clock.
    /// To be asked in `WriteCommand.complete`.
    public var groupTakenAt: Int64 { group.takenAt.load(ordering: .relaxed) }

    /// Microseconds since the start in which the writer applied and committed: what is left of the
    /// time is how much more it could do.
    public var busyMicroseconds: UInt64 { group.busy.load(ordering: .relaxed) }
}
