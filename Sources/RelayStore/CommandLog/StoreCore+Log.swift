import LMDB
import System

extension StoreCore {
    /// The newest commit, kept.
    func pin() throws(StoreError) -> CommitPin {
        let environment = environment
        return try lifting { () throws(LMDBError) in try CommitPin(environment) }
    }

    /// Up to where a commit has applied the log.
    func logPosition(of pin: borrowing CommitPin) throws(StoreError) -> LogPosition {
        guard let position = try StoreView(pin.view, databases).logPosition() else {
            throw .corrupted(what: "the position in the store's log")
        }
        return position
    }

    /// Leaves a store that is whole without its log. The commit of the last checkpoint must be pinned until
    /// then.
    ///
    /// - Parameter number: that of the newest slot of `control`.
    func detach(
        _ control: LogControl, _ segments: LogSegments, after number: UInt64
    ) throws(StoreError) {
        let environment = environment
        try lifting { () throws(LMDBError) in try environment.sync() }
        try lifting { () throws(FileError) in
            try control.write(LogControl.State(after: number, segments))
        }
        try setLogged(false)
        try markDetached()
    }

    /// Says in the store that it is whole without its log.
    func markDetached() throws(StoreError) {
        var transaction = try StoreTransaction(self, evenIfLogged: true)
        guard var position = try transaction.view.logPosition() else { return }
        position.isAttached = false
        try transaction.keep(position)
        try transaction.commit()
    }
}
