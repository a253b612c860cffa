/// Answers that go on when something happens in the application: a body rests until there is more of it,
/// and holds nothing of the store meanwhile.
extension Exchange {
    /// Has a body go on later: `Application.refill` is asked for more once `ExchangeToken.goOn` was called.
    public func rest() -> ExchangeToken {
        stream.body.hasMore = true
        stream.body.isResting = true
        return token
    }
}

extension ExchangeToken {
    /// Whether the exchange is still there and waits or rests. On its loop's thread only.
    public var waits: Bool {
        stream.generation == generation && (stream.phase == .pending || stream.body.isResting)
    }

    /// Has a request that waits answered by `Application.answer`, and a body that rests go on. Nothing
    /// happens when the exchange is over. On its loop's thread only.
    public func goOn() {
        guard waits, let connection = stream.connection else { return }
        if stream.phase == .pending { return loop.resumed(stream) }
        stream.body.isResting = false
        if connection.isDetached { return }
        // A body that has not begun to be sent goes on by itself then.
        connection.goOn(stream, .more)
        loop.touch(connection)
    }

    /// What wakes the exchange's loop.
    public var waker: LoopWaker { LoopWaker(loop: loop) }
}

/// A loop as other threads see it that have news for its application.
public struct LoopWaker: Sendable {
    fileprivate let loop: EventLoop

    /// Has `Application.woken` called soon; once for all calls until then.
    public func wake() { loop.wakeApplication() }
}

extension LoopWaker: Equatable {
    /// Whether it is the same loop.
    public static func == (one: LoopWaker, other: LoopWaker) -> Bool { one.loop === other.loop }
}

extension Stream {
    /// Whether its body rests until the application has more.
    var rests: Bool { self.phase == .submitted && self.body.isResting }
}
