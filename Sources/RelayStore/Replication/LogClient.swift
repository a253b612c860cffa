import Metrics
import System

/// Writes to a store through a log that it shares with other hosts: what is submitted is sent to the log, and
/// applied when it is read back from there, like what the others send.
///
/// A dry run stays on this host.
public final class LogClient: CommandEntrance, Sendable {
    private let log: any SharedLog
    private let core: StoreCore
    private let queue: CommandQueue
    private let publisher: LogPublisher
    private let follower: LogFollower
    private let digester: MarkDigester
    private let beats: HostBeats
    private let threads: [SystemThread]
    /// What this host is called.
    public let host: HostName

    init(
        _ replication: Replication, _ core: StoreCore, _ queue: CommandQueue,
        _ health: StoreHealth
    ) throws(StoreError) {
        (log, host, self.core, self.queue) = (replication.log, replication.host, core, queue)
        let publisher = LogPublisher(replication, core, health)
        let digester = MarkDigester(health)
        let file = ForgottenHostsFile(of: core.environment.directory)
        let hosts = KnownHosts(replication.host, publisher.session, forgotten: file.hosts)
        let follower = LogFollower(
            replication, core, queue, health, publisher, hosts, marked: { digester.take($0) })
        let beats = HostBeats(replication, health, follower, publisher, digester, hosts, file)
        (self.publisher, self.follower) = (publisher, follower)
        (self.digester, self.beats) = (digester, beats)
        var threads: [SystemThread] = []
        do throws(ThreadError) {
            threads.append(try SystemThread { publisher.run { follower.applied } })
            threads.append(try SystemThread { follower.run() })
            threads.append(try SystemThread { beats.run() })
            threads.append(try SystemThread { digester.run() })
            self.threads = threads
        } catch {
            publisher.stop()
            threads.first?.join()
            follower.stop()
            beats.stop()
            digester.stop()
            replication.log.close()
            for thread in threads.dropFirst() { thread.join() }
            throw .noThread(error)
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
        beats.stop()
        digester.stop()
        log.close()
        for thread in threads.dropFirst() { thread.join() }
    }

    /// Where the log is.
    public var place: String { log.place }

    /// Why the store does not go on with its log; nil while it does.
    public var stopReason: ReplicaStop? { follower.figures.stop }

    /// Why requests should go to another host: this one's store does not go on with its log, or is behind, or
    /// reads are refused; nil when there is no reason.
    public var whyNotReady: String? {
        let following = follower.figures
        if let stop = following.stop { return "\(stop)" }
        guard following.behind > Limits.readyLag else {
            return permit.refusal.map { "\($0)" }
        }
        if following.last == 0 {
            return "this host has not reached the log yet: "
                + (following.trouble ?? "the log has not answered since the start")
        }
        return "this host has not applied all of the log yet: it is at message "
            + "\(follower.applied?.sequence ?? 0) of \(following.last)"
            + (following.trouble.map { " (\($0))" } ?? "")
    }

    /// Why this host takes no writes though it goes on with the log, which may not take them or whose
    /// messages cannot be applied here; nil while it takes them.
    public var writesRefused: String? { publisher.writesRefused }

    /// Whether this host may answer reads.
    public var permit: ReadPermit { beats.permit }

    /// What this host tells others of itself; nil until it has looked at its store.
    public var own: HostBeat? { beats.own }

    /// The other hosts that were heard of since the start, by name.
    public var others: [KnownHost] { beats.others }

    /// Hosts that have sent something to the log within a day, and are not gone for good since.
    func writers() throws(StoreError) -> [HostName] {
        try core.hostsOfDay().filter { !beats.isForgotten($0.host, wroteAt: $0.time) }.map(\.host)
    }

    /// Lists a host no more that is gone for good, on all hosts that share the log; until it is heard of again,
    /// or writes.
    ///
    /// - Returns: why not; nil when it is done.
    public func forget(_ host: HostName) throws(StoreError) -> ForgettingRefusal? {
        let wrote = try core.hostsOfDay().first { $0.host == host }?.time
        guard let now = try core.replicaState()?.time else { return .unknown(host) }
        return try beats.forget(host, wroteAt: wrote, at: now)
    }

    /// Has others told when this host's newest snapshot was taken, in milliseconds since 1970; 0 for none.
    public func tell(snapshotAt time: @escaping @Sendable () -> Int64) {
        beats.tell(snapshotAt: time)
    }

    /// What it is doing.
    public var figures: LogClientFigures {
        LogClientFigures(
            publishing: publisher.figures, following: follower.figures, state: follower.applied,
            answerTime: publisher.answerTime.values)
    }
}
