import Synchronization
import System

/// Makes digests of the commits behind marks, beside all else. A newer mark ends the work on an older one.
final class MarkDigester: Sendable {
    private struct State {
        var pending: MarkedCommit?
        var newest: MarkedDigest?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let bell = Bell()
    private let health: StoreHealth

    init(_ health: StoreHealth) { self.health = health }

    /// The last digest; nil when it is of a log before this one, whose numbers began anew.
    ///
    /// - Parameter sequence: of the last message that was applied.
    func newest(upTo sequence: UInt64) -> MarkedDigest? {
        state.withLock { $0.newest }.flatMap { $0.sequence <= sequence ? $0 : nil }
    }

    /// Takes a commit.
    func take(_ commit: MarkedCommit) {
        state.withLock { $0.pending = commit }
        bell.ring()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        bell.ring()
    }

    /// What the thread does.
    func run() {
        while true {
            let (commit, isStopped) = state.withLock { state in
                defer { state.pending = nil }
                return (state.pending, state.isStopped)
            }
            if isStopped { return }
            if let commit { digest(commit) } else { _ = bell.waitForRing(milliseconds: -1) }
        }
    }

    private func digest(_ commit: MarkedCommit) {
        do throws(StoreError) {
            let digest = try commit.digest {
                self.state.withLock { $0.pending == nil && !$0.isStopped }
            }
            if let digest { state.withLock { $0.newest = digest } }
        } catch {
            health.readFailed(error)
        }
    }
}
