import Synchronization
import System

/// How far a start is.
public final class StartProgress: Sendable {
    private struct State {
        var stage: StartStage?
        /// Percent of the stage that is done; nil where that is not known.
        var percent: Int?
        /// When somebody was told last, in milliseconds on the monotonic clock.
        var toldAt: Int64 = .min
    }

    private let state = Mutex(State())
    private let tell: @Sendable (String) -> Void

    /// - Parameter tell: told how far it is, at each stage's beginning and then once a second at most.
    public init(tell: @escaping @Sendable (String) -> Void = { _ in }) { self.tell = tell }

    /// A stage begins.
    public func enter(_ stage: StartStage) {
        note(stage, nil, isTold: true)
    }

    /// So much of the stage is done, of a total that may be a guess.
    public func report(_ stage: StartStage, _ done: Int, of total: Int) {
        let percent = total > 0 ? Int(min(1, Double(max(0, done)) / Double(total)) * 100) : nil
        note(stage, percent, isTold: false)
    }

    private func note(_ stage: StartStage, _ percent: Int?, isTold: Bool) {
        let now = SystemClock.monotonic.milliseconds
        let words = state.withLock { state -> String? in
            let isDue = isTold || now >= state.toldAt + Limits.startTellMilliseconds
            (state.stage, state.percent) = (stage, percent)
            if isDue { state.toldAt = now }
            return isDue ? Self.words(state) : nil
        }
        if let words { tell(words) }
    }

    /// What is done now, as a sentence without its end.
    public var words: String { state.withLock { Self.words($0) } }

    private static func words(_ state: State) -> String {
        guard let stage = state.stage else { return "relayd is starting" }
        let part = state.percent.map { ", \($0) %" } ?? ""
        return "relayd is starting (\(stage.rawValue)\(part)): \(stage.words)"
    }
}
