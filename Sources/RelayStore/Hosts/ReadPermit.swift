import Synchronization

/// Whether a host may answer reads: one that has not heard of its log for long, or whose store differs from
/// those of most others, may be told not to.
public final class ReadPermit: Sendable {
    private let isRefusedNow = Atomic<Bool>(false)
    private let why = Mutex<ReadRefusal?>(nil)

    init() {}

    /// Whether reads are refused. Costs one load.
    public var isRefused: Bool { isRefusedNow.load(ordering: .acquiring) }

    /// Why reads are refused; nil when they are not.
    public var refusal: ReadRefusal? { why.withLock { $0 } }

    /// Notes whether reads are refused from here on; says whether that is new.
    func set(_ refusal: ReadRefusal?) -> Bool {
        let before = why.withLock { why in
            defer { why = refusal }
            return why
        }
        isRefusedNow.store(refusal != nil, ordering: .releasing)
        return (before == nil) != (refusal == nil)
    }
}

/// Why a host does not answer reads.
public enum ReadRefusal: Equatable, Sendable {
    /// Nothing it has sent to the log has come back for so many milliseconds.
    case stale(milliseconds: Int64)
    /// Its store differs from those of most others.
    case diverged(ReplicaStop)
}

extension ReadRefusal: CustomStringConvertible {
    /// What is wrong, for the client.
    public var description: String {
        switch self {
        case .stale(let milliseconds):
            "this host has not heard of the log that hosts share for \(milliseconds / 1_000) s, and is "
                + "told not to answer with what may be old by now (--stale-reads): ask another host"
        case .diverged(let stop):
            "\(stop); until then this host is told not to answer (--on-divergence)"
        }
    }
}
