/// Why a store that is a replica cannot be written to, or does not go on with its log.
public enum ReplicaFault: Error, Equatable, Sendable {
    /// The log's engine is away: the command was not carried out.
    case unavailable(why: String)
    /// This host cannot apply what comes from the log: the command was not carried out.
    case standing(why: String)
    /// The command was handed to the log, and what became of it is not known yet.
    case outcomeUnknown
    /// The store shares no log.
    case notAReplica
    /// The store shares a log, and what was asked for goes past that.
    case isAReplica
    /// The first message of a log is not about this store.
    case otherBeginning
    /// A message is not the one behind the last that was applied.
    case gap(applied: UInt64, next: UInt64)
    /// Applying has ended, and goes on only when somebody has looked at it.
    case stopped(ReplicaStop)
}

/// Why a replica stops applying its log: what it would go on with is not what it began with.
public enum ReplicaStop: Error, Equatable, Sendable {
    /// The log under this name is another one.
    case otherLog(found: LogIdentity, wanted: LogIdentity)
    /// The log was begun anew with a store that had applied more of the one before.
    case leftBehind(applied: UInt64, begun: UInt64)
    /// The log was begun anew with a store that had applied less of the one before.
    case ahead(applied: UInt64, begun: UInt64)
    /// The log was begun anew with a store that had come to something else.
    case otherPast(sequence: UInt64)
    /// Messages that the store lacks were removed from the log.
    case trimmed(first: UInt64, applied: UInt64)
    /// The log ends before what was applied.
    case wentBack(last: UInt64, applied: UInt64)
    /// The log ends before what another host has applied.
    case lost(last: UInt64, applied: UInt64, by: HostName)
    /// The last message that was applied is another one now.
    case rewritten(sequence: UInt64)
    /// There is no log of this name any more.
    case missing(why: String)
    /// The engine is not fit any more.
    case unfit(why: String)
    /// A message, or what was applied up to it, takes a newer program.
    case newerLevel(sequence: UInt64, level: UInt32, highest: UInt8)
    /// A message cannot be read.
    case unreadable(sequence: UInt64, why: String)
    /// A message cannot be applied to this store, however often that is tried.
    case inapplicable(sequence: UInt64, why: String)
    /// This store has come to something else than most others from the same messages.
    case diverged(sequence: UInt64, from: String)
    /// What this host sends is passed over: another one of its name has begun behind it, or nothing came of it
    /// for a day.
    case sessionOver(sequence: UInt64, host: HostName)
}

extension ReplicaStop {
    /// Whether the log ends too early. One that is on its way grows.
    var isShortLog: Bool {
        switch self {
        case .wentBack, .lost: true
        default: false
        }
    }

    /// Whether nothing that this host has sent and not got back is ever carried out.
    var endsSession: Bool {
        if case .sessionOver = self { return true }
        return false
    }

    /// Whether it is for the same reason, whatever the numbers are.
    func isLike(_ other: ReplicaStop) -> Bool {
        switch (self, other) {
        case (.trimmed, .trimmed), (.wentBack, .wentBack), (.lost, .lost), (.rewritten, .rewritten):
            true
        default: self == other
        }
    }
}

extension ReplicaFault: CustomStringConvertible {
    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .unavailable(let why):
            "writes need the log that the hosts share, which cannot be reached (\(why)): nothing was "
                + "changed; try again"
        case .standing(let why):
            "this host cannot apply what it reads from the log that the hosts share (\(why)): nothing was "
                + "changed; ask another host"
        case .outcomeUnknown:
            "the write was handed to the log that the hosts share, and its end is not known yet: it may "
                + "still be carried out; send it again with the same Idempotency-Key, to any host"
        case .notAReplica:
            "the store shares no log with other hosts: run relayctl cluster init, or leave out "
                + "--log or --replica"
        case .isAReplica:
            "the store shares a log with other hosts, and is only written to through that: start relayd "
                + "with --log, and ask it"
        case .otherBeginning:
            "the log begins with another store than this one, or this one was written to since"
        case .gap(let applied, let next):
            "message \(next) of the log cannot be applied after message \(applied)"
        case .stopped(let stop): "\(stop)"
        }
    }
}

extension ReplicaStop: CustomStringConvertible {
    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .otherLog(let found, let wanted):
            "the log is \(found), and this store has applied the log \(wanted): give the --log that "
                + "belongs to the store, or restore a snapshot of the new log's hosts"
        case .leftBehind(let applied, let begun):
            "the log was begun anew after message \(begun) of the one before, and this store has applied "
                + "up to \(applied) of that: what is between them is not in the log; make this store anew of "
                + "a snapshot of the new log's hosts: move it away, and start relayd with --join"
        case .ahead(let applied, let begun):
            "the log was begun anew after message \(begun) of the one before, and this store has applied "
                + "up to \(applied) of that: it alone has what is between them, and writes that were answered "
                + "are in it; keep it. Stop all hosts, and run relayctl cluster restart-log on this one, under "
                + "a new name of the log"
        case .otherPast(let sequence):
            "the log was begun anew with a store that differs from this one after message \(sequence) of "
                + "the one before: keep this store, find out which is right with relayctl snapshot diff, and "
                + "make it anew of a snapshot of the new log's hosts: move it away, and start relayd with --join"
        case .trimmed(let first, let applied):
            "the log begins with message \(first), and this store has applied up to \(applied) only: what "
                + "is between them is gone; restore a newer snapshot of another host"
        case .wentBack(let last, let applied):
            "the log ends with message \(last), and this store has applied up to \(applied): its engine "
                + "has lost what was kept; do not write to it, and see relayctl cluster restart-log"
        case .lost(let last, let applied, let host):
            "the log ends with message \(last), and the host \(host) has applied up to \(applied): its "
                + "engine has lost what was kept; do not write to it"
        case .rewritten(let sequence):
            "message \(sequence) of the log is not the one that this store has applied: its engine has "
                + "lost or changed what was kept; do not write to it, and see relayctl cluster restart-log"
        case .missing(let why):
            "\(why). This store is a replica: if its log is lost, run relayctl cluster restart-log on the "
                + "host with the highest sequence"
        case .unfit(let why): why
        case .newerLevel(let sequence, let level, let highest):
            "the log has level \(level) from message \(sequence) on, and this program reads up to "
                + "level \(highest): start a newer relayd"
        case .unreadable(let sequence, let why):
            "message \(sequence) of the log cannot be read: \(why)"
        case .inapplicable(let sequence, let why):
            "message \(sequence) of the log cannot be applied to this store: \(why); restore a snapshot of a "
                + "host that has applied it"
        case .diverged(let sequence, let host):
            "this store differs from that of \(host) after message \(sequence) of the log, though both have "
                + "applied the same: restore a snapshot of another host"
        case .sessionOver(let sequence, let host):
            "message \(sequence) of the log is this host's own and was passed over, as will be all that it "
                + "sends: another host has begun as \(host) since, or nothing came of this one for a day; give "
                + "each host a --host-name of its own, and start relayd again"
        }
    }
}
