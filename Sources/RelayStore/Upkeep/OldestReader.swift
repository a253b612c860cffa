import LMDB

/// The reader that reads the oldest commit, over all processes: what was freed since then is not used
/// again before it ends.
public struct OldestReader: Equatable, Sendable {
    /// The process that it belongs to.
    public let process: Int32
    /// The commit that it reads.
    public let commit: UInt64
    /// When it was first seen to do so, in milliseconds on the monotonic clock.
    public let since: Int64
}

/// Finds out since when readers read their commits: LMDB's table does not say. Looked at once a
/// second, it is right to a second.
struct ReaderWatch {
    private struct Slot: Hashable {
        let process: Int32
        let thread: UInt
        let commit: UInt64
    }

    private var seen: [Slot: Int64] = [:]
    /// What is seen at this look; kept between looks, for its memory.
    private var current: [Slot: Int64] = [:]

    /// Looks at the slots that are taken; gives the one with the oldest commit, of several the one that
    /// has it for longest.
    mutating func look(at slots: [ReaderSlot], _ now: Int64) -> OldestReader? {
        current.removeAll(keepingCapacity: true)
        for slot in slots {
            guard let commit = slot.transactionID else { continue }
            let key = Slot(process: slot.process, thread: slot.thread, commit: commit)
            current[key] = seen[key] ?? now
        }
        swap(&seen, &current)
        let oldest = seen.min { ($0.key.commit, $0.value) < ($1.key.commit, $1.value) }
        return oldest.map {
            OldestReader(process: $0.key.process, commit: $0.key.commit, since: $0.value)
        }
    }
}
