import RelayContract
import RelayStore

extension Problem {
    /// 507: an account has used up what it may use; with what it would come to, where that is known.
    public init(quota use: AccountUse, needed: UInt64? = nil) {
        let more = needed.map { ", and would use \($0)" } ?? ""
        self.init(
            .quotaExceeded,
            "the account uses \(use.bytes) of \(use.quota ?? 0) bytes\(more): delete records or files, or "
                + "ask the operator for a larger quota; nothing was changed")
    }
}
