import Metrics
import System

/// Writes to a store through a log that it shares with other hosts: what is submitted is sent to the log, and
/// applied when it is read back from there, like what the others send.
///
/// A dry run stays on this host.
public final class LogClient: CommandEntrance, Sendable {
    private let log: any SharedLog
    private let queue: CommandQueue
    private let publisher: LogPublisher
    private let follower: LogFollower
    private let threads: [SystemThread]
    /// What this host is called.
    public let host: HostName

    init(
        _ replication: Replication, _ core: StoreCore, _ queue: CommandQueue,
        _ health: StoreHealth
    ) {
        (log, host, self.queue) = (replication.log, replication.host, queue)
        let publisher = LogPublisher(replication, core)
        let follower = LogFollower(replication, core, queue, health, publisher)
        (self.publisher, self.follower) = (publisher, follower)
        do throws(ThreadError) {
            threads = [
                try SystemThread { publisher.run { follower.base } },
                try SystemThread { follower.run() },
            ]
        } catch {
            preconditionFailure("the log's threads: \(error)")
        }
    }

    func submit(_ command: any WriteCommand, evenIfFull: Bool) -> Submission {
        if command.isDryRun { return queue.submit(command, evenIfFull: evenIfFull) }
        if command.byteCount > Limits.wholeCommandBytes {
            return LargeCommand.submit(command, to: publisher, evenIfFull: evenIfFull)
        }
        return publisher.submit(command, evenIfFull: evenIfFull)
    }

    func submit(_ command: any WriteCommand, after milliseconds: Int64) {
        publisher.submit(command, after: milliseconds)
    }

    /// Sends and awaits what was submitted, and ends the threads. The writer must still be at work.
    func stop() {
        publisher.stop()
        threads[0].join()
        follower.stop()
        log.close()
        threads[1].join()
    }

    /// Where the log is.
    public var place: String { log.place }

    /// Why the store does not go on with its log; nil while it does.
    public var stopReason: ReplicaStop? { follower.figures.stop }

    /// Why requests should go to another host: this one's store does not go on with its log, or is behind;
    /// nil when there is no reason.
    public var whyNotReady: String? {
        let following = follower.figures
        if let stop = following.stop { return "\(stop)" }
        guard following.behind > Limits.readyLag else { return nil }
        return "this host has not applied all of the log yet: it is at message "
            + "\(follower.applied?.sequence ?? 0) of \(following.last)"
    }

    /// What it is doing.
    public var figures: LogClientFigures {
        LogClientFigures(
            publishing: publisher.figures, following: follower.figures, state: follower.applied,
            answerTime: publisher.answerTime.values)
    }
}
