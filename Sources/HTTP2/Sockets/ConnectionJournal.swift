import Logs
import Synchronization

/// Connections that were not taken in, or were cut off: told in the log, a line a second of each kind at
/// most, and the former counted. (Loops count what they cut off: `LoopCounters.cutOffs`.)
public final class ConnectionJournal: Sendable {
    /// Why a connection was not taken in.
    public enum Loss: Int, CaseIterable, Sendable {
        /// `AllowedPeers` does not let its client in.
        case refused
        /// The process has all the connections or descriptors that it may have.
        case turnedAway
        /// accept(2) failed.
        case failed
    }

    private let log: Log
    private let refusedCount = Atomic<UInt64>(0)
    private let turnedAwayCount = Atomic<UInt64>(0)
    private let failedCount = Atomic<UInt64>(0)

    /// - Parameter log: told on a loop's thread.
    public init(log: Log = .none) { self.log = log }

    /// Clients that may not connect, and were closed at once.
    public var refused: UInt64 { refusedCount.load(ordering: .relaxed) }
    /// Clients that were closed at once because there was no room for them.
    public var turnedAway: UInt64 { turnedAwayCount.load(ordering: .relaxed) }
    /// Times that a listening socket could not be accepted from.
    public var failed: UInt64 { failedCount.load(ordering: .relaxed) }

    /// Counts a connection that was not taken in, and tells of it if no line was told of late.
    public func note(_ loss: Loss, _ text: @autoclosure () -> String) {
        switch loss {
        case .refused: refusedCount.add(1, ordering: .relaxed)
        case .turnedAway: turnedAwayCount.add(1, ordering: .relaxed)
        case .failed: failedCount.add(1, ordering: .relaxed)
        }
        log.write(
            loss == .failed ? .error : .warning, loss.event, every: Limits.journalMilliseconds,
            text())
    }

    /// Tells of a connection that is cut off, if no line was told of late for the same cause.
    func note(_ cause: CutOff, _ text: String) {
        log.write(
            .warning, "connection_cut_off", reason: cause.reason,
            every: Limits.journalMilliseconds, "ended a client's connection: \(text)")
    }
}

extension ConnectionJournal.Loss {
    /// The name of its event.
    fileprivate var event: StaticString {
        switch self {
        case .refused: "connection_refused"
        case .turnedAway: "connection_turned_away"
        case .failed: "accept_failed"
        }
    }
}
