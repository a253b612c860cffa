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

    /// What a log would begin with that takes the place of the one which the store has applied.
    public func continuation(as identity: LogIdentity) throws(StoreError) -> LogBeginning {
        let reader = try makeReader()
        let view = reader.view
        guard let state = try view.replicaState() else { throw .replica(.notAReplica) }
        return LogBeginning(
            identity: identity, epoch: try view.metadata().epoch,
            changeSequence: try view.lastSequence(), documents: state.documents,
            continued: LogBeginning.Continued(
                identity: state.identity, sequence: state.sequence, chain: state.chain))
    }

    /// Goes on with a log that takes the place of the one which the store has applied.
    ///
    /// - Parameter entry: its first message, as the log has it.
    public func goOn(_ entry: SharedLogEntry) throws(StoreError) {
        guard let found = LogBeginning(message: entry.message), entry.sequence == 1 else {
            throw .replica(.otherBeginning)
        }
        var transaction = try StoreTransaction(core)
        try transaction.goOn(found, entry)
        try transaction.commit()
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

extension StoreTransaction {
    /// Goes on with a log whose first message says that it continues what the store has applied.
    mutating func goOn(_ found: LogBeginning, _ entry: SharedLogEntry) throws(StoreError) {
        let state = try requireReplica()
        if let stop = found.refusal(of: state) { throw .replica(.stopped(stop)) }
        keep(
            replica: state.continued(
                by: found, messageSum: ReplicaState.sum(entry.message), time: entry.time))
    }
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
