extension Store {
    /// What a log would begin with whose first replica this store is; looks at every document.
    public func beginning(of identity: LogIdentity) throws(StoreError) -> LogBeginning {
        let reader = try makeReader()
        let view = reader.view
        return LogBeginning(
            identity: identity, epoch: try view.metadata().epoch,
            changeSequence: try view.lastSequence(), documents: try view.sumOfDocuments())
    }

    /// Makes the store a replica: it has applied the first message of a log, and nothing else is written to it
    /// from here on but what comes after that.
    ///
    /// - Parameter entry: the first message, as the log has it.
    public func becomeReplica(_ entry: SharedLogEntry) throws(StoreError) {
        guard let found = LogBeginning(message: entry.message), entry.sequence == 1,
            try beginning(of: found.identity) == found
        else { throw .replica(.otherBeginning) }
        try write { (transaction) throws(StoreError) in
            try transaction.joinLog(
                ReplicaState(
                    identity: found.identity, level: UInt32(Limits.logLevel),
                    sequence: entry.sequence, messageSum: ReplicaState.sum(entry.message),
                    time: entry.time, chain: found.identity.low, documents: found.documents))
        }
    }

    /// The store shares no log from here on.
    public func leaveLog() throws(StoreError) {
        guard try replicaState() != nil else { return }
        var transaction = try StoreTransaction(core)
        try transaction.leaveLog()
        try transaction.commit()
    }

    /// Up to where the store has applied the log that it shares; nil when it shares none.
    public func replicaState() throws(StoreError) -> ReplicaState? { try core.replicaState() }
}

extension StoreView {
    /// The sum of all documents' checksums, modulo 2^64.
    public func sumOfDocuments() throws(StoreError) -> UInt64 {
        var sum: UInt64 = 0
        try forEachDocument { (document) throws(StoreError) in
            sum &+= document.checksum
            return true
        }
        return sum
    }
}
