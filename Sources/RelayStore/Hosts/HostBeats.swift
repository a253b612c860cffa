import Synchronization
import System

/// Tells other hosts each second what this one is doing, hears what they tell, and draws the conclusions: that
/// stores differ, that a name is taken, that reads may not be answered.
final class HostBeats: Sendable {
    private let replication: Replication
    private let health: StoreHealth
    private let follower: LogFollower
    private let publisher: LogPublisher
    private let digester: MarkDigester
    private let hosts: KnownHosts
    private let file: ForgottenHostsFile
    private let bell = Bell()
    private let isStopped = Atomic<Bool>(false)
    private let started = SystemClock.monotonic.milliseconds
    private let snapshotAt = Mutex<@Sendable () -> Int64>({ 0 })
    /// Whether reads may be answered.
    let permit = ReadPermit()

    init(
        _ replication: Replication, _ health: StoreHealth, _ follower: LogFollower,
        _ publisher: LogPublisher, _ digester: MarkDigester, _ hosts: KnownHosts,
        _ file: ForgottenHostsFile
    ) {
        (self.replication, self.health, self.follower) = (replication, health, follower)
        (self.publisher, self.digester) = (publisher, digester)
        (self.hosts, self.file) = (hosts, file)
        // Nothing has come back yet.
        if replication.staleReads != nil { _ = permit.set(.stale(milliseconds: 0)) }
    }

    /// Has the newest snapshot's time told, in milliseconds since 1970.
    func tell(snapshotAt time: @escaping @Sendable () -> Int64) {
        snapshotAt.withLock { $0 = time }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        bell.ring()
    }

    /// All others that were heard of.
    var others: [KnownHost] { hosts.all }

    /// What this host tells of itself; nil until it has looked at its store.
    var own: HostBeat? {
        guard let state = follower.applied else { return nil }
        return HostBeat(
            host: replication.host, session: publisher.session, version: replication.version,
            highestLevel: replication.highestLevel, state: state, following: follower.figures,
            snapshotAt: snapshotAt.withLock { $0 }(), marked: digester.newest(upTo: state.sequence),
            refusal: permit.refusal,
            forgotten: hosts.forgotten(since: state.time - Limits.sessionLife),
            writesRefused: publisher.writesRefused)
    }

    // MARK: Hosts that are gone for good

    /// Lists a host no more, here and on all hosts that hear of it; until it is heard of again, or writes.
    ///
    /// - Parameters:
    ///   - wrote: the log's time of its last message, if that was within a day.
    ///   - now: the log's time.
    func forget(
        _ host: HostName, wroteAt wrote: Int64?, at now: Int64
    ) throws(StoreError) -> ForgettingRefusal? {
        if host == replication.host { return .asked(host) }
        let heard = others.first { $0.beat.host == host }
        guard heard != nil || wrote != nil else { return .unknown(host) }
        let silence = min(heard?.silence ?? .max, wrote.map { now - $0 } ?? .max)
        if silence <= Limits.hostSilence { return .heardOf(host, milliseconds: silence) }
        let listened = SystemClock.monotonic.milliseconds - started
        if heard == nil, listened <= Limits.hostSilence {
            return .listening(milliseconds: listened)
        }
        hosts.forget(ForgottenHost(host, at: now))
        bell.ring()
        try lifting { () throws(FileError) in try keepForgotten(at: now) }
        return nil
    }

    /// Whether a host is gone for good, and has not written since.
    func isForgotten(_ host: HostName, wroteAt time: Int64) -> Bool {
        hosts.isForgotten(host, wroteAt: time)
    }

    /// Keeps in mind over a start which hosts are gone, as long as that matters.
    private func keepForgotten(at now: Int64) throws(FileError) {
        try file.keep(hosts.forgotten(since: now - Limits.sessionLife))
    }

    /// The same, on this thread: what the disk refuses is tried again with the next beat.
    private func keepForgotten() {
        guard let time = follower.applied?.time else { return }
        do throws(FileError) { try keepForgotten(at: time) } catch {
            health.tell(
                .warning, "host_not_forgotten",
                "which hosts are gone for good is forgotten with this process: \(error)")
        }
    }

    /// Lets go of what is known of hosts that are gone.
    private func letGo() {
        for host in hosts.takeForgotten() {
            follower.forget(host)
            health.tell(
                .info, "host_forgotten",
                "\(host) is gone for good, as relayctl replicas --forget has said here or on another host"
            )
        }
    }

    /// What the thread does.
    func run() {
        // From the very first beat on, others are heard.
        var provenAt: Int64?
        var roundsAhead = 0
        while !isStopped.load(ordering: .acquiring) {
            for announcement in replication.log.announcements() where hosts.hear(announcement) {
                health.tell(
                    .error, "host_name_taken",
                    "another host is called \(replication.host) in \(replication.log.place): the one that "
                        + "began first stops, and what it writes is passed over; give --host-name, another "
                        + "one to each")
            }
            letGo()
            if let own {
                replication.log.announce(own.bytes)
                keepForgotten()
                for other in hosts.takeComparable(upTo: own.sequence, of: own.identity) {
                    follower.compare(other.base, of: other.host)
                }
                let furthest = hosts.furthest(in: own.identity)?.sequence ?? 0
                // What is read next may show it: only what stays ahead at the end is looked at.
                let isAhead = furthest > own.last && own.sequence >= own.last
                roundsAhead = isAhead ? roundsAhead + 1 : 0
                if roundsAhead >= 2 { follower.lookAgain() }
                if let proof = publisher.figures.proof, own.sequence >= proof.sequence {
                    provenAt = max(provenAt ?? .min, proof.sentAt)
                }
            }
            permit(provenAt)
            // One that has just started is told from, and hears of the others, sooner.
            _ = bell.waitForRing(
                milliseconds: follower.isIntroduced ? Limits.hostBeat : Limits.hostBeat / 5)
        }
    }

    private func permit(_ provenAt: Int64?) {
        guard permit.set(refusal(provenAt)) else { return }
        if let refusal = permit.refusal {
            health.tell(.error, "reads_refused", "\(refusal)")
        } else {
            health.tell(.info, "reads_answered", "the log was heard of: reads are answered")
        }
    }

    private func refusal(_ provenAt: Int64?) -> ReadRefusal? {
        if !replication.servesDiverged, let stop = follower.figures.stop, case .diverged = stop {
            return .diverged(stop)
        }
        let silence = SystemClock.monotonic.milliseconds - (provenAt ?? started)
        guard let most = replication.staleReads, provenAt == nil || silence > most else {
            return nil
        }
        return .stale(milliseconds: silence)
    }
}
