/// A host that shares the log, as another one sees it.
public struct HostStatus: Sendable {
    /// How it is doing.
    public enum Condition: String, Sendable {
        /// It applies the log.
        case ok
        /// It has been behind the log for more than `Limits.hostLag`.
        case behind
        /// Nothing was heard of it for `Limits.hostSilence`, though it has written within a day.
        case missing
        /// Its store is not equal to this host's behind the same message.
        case differs
        /// It does not go on with the log.
        case stopped
        /// It does not answer reads, as it was told to.
        case refusesReads = "refuses-reads"
        /// It takes no writes: the log does not take them, or they cannot be applied there.
        case refusesWrites = "refuses-writes"
        /// It has applied another log.
        case otherLog = "other-log"
    }

    /// What it is called.
    public let host: HostName
    /// Whether it is the host that was asked.
    public let isAsked: Bool
    /// What it told last; nil if nothing was heard of it since the start.
    public let beat: HostBeat?
    /// Milliseconds since.
    public let silence: Int64?
    /// How it is doing.
    public let condition: Condition
}

extension LogClient {
    /// All hosts that share the log: this one, those that were heard of, and those that have written within a
    /// day and were not; by name.
    public func hosts() throws(StoreError) -> [HostStatus] {
        let own = own
        let differing = figures.following.differing
        // One that has not looked at its store yet is behind.
        var found = [
            HostStatus(
                host: host, isAsked: true, beat: own, silence: 0,
                condition: own.map { condition($0, 0, own, differing) } ?? .behind)
        ]
        for other in others {
            let silence = other.silence
            found.append(
                HostStatus(
                    host: other.beat.host, isAsked: false, beat: other.beat, silence: silence,
                    condition: condition(other.beat, silence, own, differing)))
        }
        for host in try writers() where !found.contains(where: { $0.host == host }) {
            found.append(
                HostStatus(
                    host: host, isAsked: false, beat: nil, silence: nil, condition: .missing))
        }
        return found.sorted { $0.host.text < $1.host.text }
    }

    private func condition(
        _ beat: HostBeat, _ silence: Int64, _ own: HostBeat?, _ differing: [String]
    ) -> HostStatus.Condition {
        if silence > Limits.hostSilence { return .missing }
        if !beat.stopped.isEmpty { return .stopped }
        if let own, beat.identity != own.identity { return .otherLog }
        if differing.contains(beat.host.text) { return .differs }
        if beat.behind > Limits.hostLag { return .behind }
        if !beat.readsRefused.isEmpty { return .refusesReads }
        return beat.writesRefused.isEmpty ? .ok : .refusesWrites
    }
}

extension StoreView {
    /// Hosts whose sessions are not over and have sent something within a day of the log's time, and when.
    func hostsOfDay() throws(StoreError) -> [(host: HostName, time: Int64)] {
        guard let now = try replicaState()?.time else { return [] }
        return try sessions().map(\.session)
            .filter { !$0.hasEnded && now - $0.time < Limits.sessionLife }.map {
                ($0.host, $0.time)
            }
    }
}
