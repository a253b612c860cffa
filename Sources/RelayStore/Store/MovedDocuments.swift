import Synchronization

/// Which documents the latest commits moved: what lets a reader keep its hints about all others.
///
/// A document lies in an overflow page of its own block, which LMDB never moves unless the block is
/// written again. So a place that was right for commit T is right for commit T' if no commit from
/// T + 1 to T' has written that block. Writers publish the keys they moved; readers follow.
/// Commits of other processes are not published: a reader sees the gap and forgets everything.
final class MovedDocuments: Sendable {
    struct Entry {
        let transaction: UInt64
        let key: UInt64
    }

    private struct State {
        /// Ring of `Limits.movedDocuments` entries, by ascending transaction.
        var entries: [Entry] = []
        /// Entries that were ever written; the next one goes to this place in the ring.
        var head = 0
        /// Newest commit that was published.
        var last: UInt64 = 0
        /// First commit since which every one was published in full.
        var first: UInt64 = 1
    }

    private let state = Mutex(State())

    /// Publishes what a commit has moved; `keys` is nil when that were too many to be listed.
    func publish(_ keys: [UInt64]?, transaction: UInt64) {
        state.withLock { state in
            // Two threads that write may publish out of order: then nothing before is known.
            guard transaction > state.last else {
                state.first = state.last + 1
                return
            }
            if transaction != state.last + 1 { state.first = transaction }
            state.last = transaction
            guard let keys else {
                state.first = transaction + 1
                return
            }
            for key in keys {
                let entry = Entry(transaction: transaction, key: key)
                if state.entries.count < Limits.movedDocuments {
                    state.entries.append(entry)
                } else {
                    state.entries[state.head % Limits.movedDocuments] = entry
                }
                state.head += 1
            }
        }
    }

    /// What a reader finds when it follows.
    enum Pursuit {
        /// All documents that were moved have been handed over.
        case caughtUp
        /// The commit is not published (yet, or it is another process's).
        case behind
        /// Some are no longer known: nothing that was remembered can be relied upon.
        case lost
    }

    /// Hands over the documents that commits from `place` on have moved, up to one commit.
    func follow(
        to transaction: UInt64, from place: inout Place, _ moved: (UInt64) -> Void
    ) -> Pursuit {
        state.withLock { state in
            guard state.last >= transaction else { return .behind }
            guard state.first <= place.transaction + 1,
                state.head - place.index <= state.entries.count
            else { return .lost }
            while place.index < state.head {
                let entry = state.entries[place.index % Limits.movedDocuments]
                if entry.transaction > transaction { break }
                moved(entry.key)
                place.index += 1
            }
            place.transaction = transaction
            return .caughtUp
        }
    }

    /// How far a reader has followed.
    struct Place {
        var transaction: UInt64 = 0
        var index = 0
    }

    /// Where to follow from for a reader that remembers nothing from before this commit.
    func place(at transaction: UInt64) -> Place {
        state.withLock { state in
            let oldest = state.head - state.entries.count
            var index = state.head
            while index > oldest,
                state.entries[(index - 1) % Limits.movedDocuments].transaction > transaction
            {
                index -= 1
            }
            // What else was moved since this commit is overwritten: one that `follow` calls lost.
            if index == oldest, oldest > 0 { index -= 1 }
            return Place(transaction: transaction, index: index)
        }
    }
}
