import RelayContract
import RelayRecords
import RelayStore
import Synchronization

/// Requests that a quota has refused since the start, by account.
final class QuotaRefusals: Sendable {
    private let counts = Mutex([UInt32: UInt64]())

    /// Counts one.
    func count(_ account: UInt32) { counts.withLock { $0[account, default: 0] += 1 } }

    /// Counts the outcome of a command, if it is one.
    func count(_ result: Result<RecordAnswer, StoreError>, _ account: UInt32) {
        switch result {
        case .success(let answer) where answer.problem?.type == .quotaExceeded: count(account)
        case .failure(.quotaExceeded): count(account)
        case .success, .failure: return
        }
    }

    /// How many an account had.
    subscript(account: UInt32) -> UInt64 { counts.withLock { $0[account] ?? 0 } }
}
