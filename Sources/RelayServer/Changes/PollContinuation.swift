import RelayContract
import RelayStore

/// What a request that waits for changes goes on with.
struct PollContinuation: Equatable {
    /// Behind what was looked at.
    var position: ChangePosition
    /// When it is answered in any case, in milliseconds on the coarse clock.
    var due: Int64
}

// MARK: Words, see `Continuation`

extension PollContinuation {
    /// Packs.
    func words(head: UInt64) -> (UInt64, UInt64, UInt64, UInt64) {
        (head, position.sequence, UInt64(position.passed), UInt64(bitPattern: due))
    }

    /// Unpacks.
    init?(_ words: (UInt64, UInt64, UInt64, UInt64)) {
        guard let passed = Int(exactly: words.2) else { return nil }
        self.init(
            position: ChangePosition(after: words.1, passed: passed),
            due: Int64(bitPattern: words.3))
    }
}
