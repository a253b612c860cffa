import Synchronization
import System

/// Connections that were not taken in: counted, and told in a line now and then.
public final class AcceptJournal: Sendable {
    /// Why a connection was not taken in.
    public enum Loss: Int, CaseIterable, Sendable {
        /// `AllowedPeers` does not let its client in.
        case refused
        /// The process has all the connections or descriptors that it may have.
        case turnedAway
        /// accept(2) failed.
        case failed
    }

    private struct Line {
        /// When the next one may be written.
        var due: Int64 = 0
        /// What happened since the last one was.
        var unsaid = 0
    }

    private let log: @Sendable (String) -> Void
    private let refusedCount = Atomic<UInt64>(0)
    private let turnedAwayCount = Atomic<UInt64>(0)
    private let failedCount = Atomic<UInt64>(0)
    private let lines = Mutex([Line](repeating: Line(), count: Loss.allCases.count))

    /// - Parameter log: told at most a line a second of each kind, on a loop's thread.
    public init(log: @escaping @Sendable (String) -> Void = { _ in }) { self.log = log }

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
        let now = SystemClock.coarse.milliseconds
        let unsaid: Int? = lines.withLock { lines in
            if now < lines[loss.rawValue].due {
                lines[loss.rawValue].unsaid += 1
                return nil
            }
            defer { lines[loss.rawValue] = Line(due: now + Limits.journalMilliseconds) }
            return lines[loss.rawValue].unsaid
        }
        guard let unsaid else { return }
        log(text() + (unsaid == 0 ? "" : " (and \(unsaid) more since the last such line)"))
    }
}
