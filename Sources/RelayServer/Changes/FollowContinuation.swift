import RelayContract
import RelayStore

/// Where a stream of changes goes on.
struct FollowContinuation: Equatable {
    var operation: RelayContract.Operation
    var feed: Feed
    /// Behind what was sent.
    var position: ChangePosition
    /// When something was sent, in seconds on the coarse clock.
    var sentAt: UInt32
    /// Whether that was a heartbeat.
    var wasHeartbeat: Bool
    /// The generation of API keys under which the client's key was checked.
    var keyGeneration: UInt64
}

// MARK: Words, see `Continuation`

extension FollowContinuation {
    /// With the records of the changes.
    private static let documentsMark: UInt64 = 1 << 24
    /// A heartbeat came last.
    private static let heartbeatMark: UInt64 = 1 << 25

    /// Packs.
    func words(head: UInt64) -> (UInt64, UInt64, UInt64, UInt64) {
        (
            head | (feed.includesDocuments ? Self.documentsMark : 0)
                | (wasHeartbeat ? Self.heartbeatMark : 0),
            position.sequence, UInt64(UInt32(position.passed)) | UInt64(sentAt) << 32,
            keyGeneration
        )
    }

    /// Unpacks.
    init?(
        _ words: (UInt64, UInt64, UInt64, UInt64), _ operation: RelayContract.Operation?,
        _ account: UInt32, kinds: UInt8
    ) {
        guard let operation else { return nil }
        let feed = Feed(
            account: account, kinds: kinds,
            includesDocuments: words.0 & Self.documentsMark != 0)
        self.init(
            operation: operation, feed: feed,
            position: ChangePosition(
                after: words.1, passed: Int(UInt32(truncatingIfNeeded: words.2))),
            sentAt: UInt32(truncatingIfNeeded: words.2 >> 32),
            wasHeartbeat: words.0 & Self.heartbeatMark != 0, keyGeneration: words.3)
    }
}
