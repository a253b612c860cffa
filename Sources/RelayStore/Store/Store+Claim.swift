import LMDB

extension Store {
    /// Says that this process serves the store, for as long as it has it open; throws when another one does,
    /// whatever name of the data file that one was given.
    ///
    /// Whoever opens a store, to read or to write, is kept apart from those who have it open under another name
    /// (`LMDB.DataClaim`). Tools may work on it beside its server under the same name, but there is one server.
    public func claim() throws(StoreError) {
        try lifting { () throws(LMDBError) in try core.environment.claimService() }
    }
}
