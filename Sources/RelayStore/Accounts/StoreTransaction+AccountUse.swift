/// What accounts come to use in a transaction.
struct CountedUses {
    /// Of accounts that are counted.
    fileprivate var uses: [UInt32: AccountUse] = [:]
    /// Those that were changed.
    fileprivate var changed: Set<UInt32> = []
    /// The account that was looked for last and is not counted: the usual one.
    fileprivate var uncounted = UInt32.max
}

extension StoreTransaction {
    /// What an account uses with the changes so far; nil if that is not counted.
    ///
    /// To be asked for once before a change, for it is told by the numbers of the last changes whether it is
    /// right. Programs that do not know this record change documents without it. Their changes have left newer
    /// numbers in the counters of the account; then all is counted anew, once.
    public mutating func use(of account: UInt32) throws(StoreError) -> AccountUse? {
        if account == accounts.uncounted { return nil }
        if let known = accounts.uses[account] { return known }
        guard var use = try view.use(of: account) else {
            accounts.uncounted = account
            return nil
        }
        if try !view.isCurrent(use) {
            use = try view.counted(use)
            use.sequence = sequence
            accounts.changed.insert(account)
        }
        accounts.uses[account] = use
        return use
    }

    /// Gives an account a quota, or none; from here on what it uses is counted.
    public mutating func setQuota(
        of account: UInt32, to quota: UInt64?
    ) throws(StoreError) -> AccountUse {
        guard account > 0, account < Limits.accounts else { throw .tooLarge }
        let known = try use(of: account)
        try charge(64)
        var use: AccountUse
        if let known {
            use = known
        } else {
            use = try view.counted(AccountUse(account: account))
            use.sequence = sequence
        }
        use.quota = quota
        accounts.uses[account] = use
        accounts.changed.insert(account)
        accounts.uncounted = .max
        return use
    }

    /// Says that an account's quota is exceeded, if what was changed since made it use more. To be called
    /// when all of a change is done.
    ///
    /// - Parameter before: what it used before; nil if that is not counted.
    public mutating func requireQuota(since before: AccountUse?) throws(StoreError) {
        guard let before, let quota = before.quota, let now = try use(of: before.account) else {
            return
        }
        if now.bytes > quota, now.bytes > before.bytes {
            throw .quotaExceeded(before, needed: now.bytes)
        }
    }

    /// Counts bytes that come or go. To be called before they do: what is counted anew is counted as it
    /// was before.
    @inline(__always)
    mutating func count(
        _ account: UInt32, documentBytes: Int = 0, fileBytes: Int = 0
    ) throws(StoreError) {
        if account == accounts.uncounted { return }
        guard var use = try use(of: account) else { return }
        use.documentBytes = UInt64(max(0, Int(use.documentBytes) + documentBytes))
        use.fileBytes = UInt64(max(0, Int(use.fileBytes) + fileBytes))
        accounts.uses[account] = use
        accounts.changed.insert(account)
    }

    /// Notes that the changes of an account are counted up to one, before that leaves its number in the
    /// account's counters.
    mutating func count(_ account: UInt32, upTo sequence: UInt64) throws(StoreError) {
        if account == accounts.uncounted { return }
        guard var use = try use(of: account), use.sequence < sequence else { return }
        use.sequence = sequence
        accounts.uses[account] = use
        accounts.changed.insert(account)
    }

    /// Counts a document of a set that takes the place of another one.
    @inline(__always)
    mutating func count(
        _ old: DocumentPiece?, in set: BlockSet, replacedBy new: DocumentPiece?
    ) throws(StoreError) {
        guard set == .documents, let key = (old ?? new)?.key else { return }
        sumUp(new?.checksum, replacing: old?.checksum)
        try count(
            DocumentKey(rawValue: key).account,
            documentBytes: (new?.documentBytes ?? 0) - (old?.documentBytes ?? 0))
    }

    /// As above, where the old one has a block of its own.
    mutating func countAlone(
        at place: UInt128, in set: BlockSet, replacedBy new: DocumentPiece?
    ) throws(StoreError) {
        let key = DocumentKey(rawValue: UInt64(truncatingIfNeeded: place))
        guard set == .documents else { return }
        if replica != nil { sumUp(new?.checksum, replacing: try checksumAlone(at: place, in: set)) }
        guard try use(of: key.account) != nil else { return }
        let old = try bytesAlone(at: place, in: set)
        try count(key.account, documentBytes: (new?.documentBytes ?? 0) - old)
    }

    private func checksumAlone(at place: UInt128, in set: BlockSet) throws(StoreError) -> UInt64? {
        let view = view
        guard let bytes = try view.blockBytes(at: place, in: set) else { return nil }
        return try DocumentBlock(bytes).checksum(at: 0)
    }

    /// What counts of the document that has a block of its own.
    private func bytesAlone(at place: UInt128, in set: BlockSet) throws(StoreError) -> Int {
        let view = view
        guard let bytes = try view.blockBytes(at: place, in: set) else { return 0 }
        let block = try DocumentBlock(bytes)
        return try block.json(at: 0).count - 1 + block.privateBytes(at: 0).count
    }

    /// Writes what was counted.
    mutating func keepUses() throws(StoreError) {
        if accounts.changed.isEmpty { return }
        for account in accounts.changed.sorted() {
            guard let use = accounts.uses[account] else { continue }
            let key = AccountUse.key(account)
            try put(use.stored.span.bytes, at: key.span.bytes, in: databases.meta)
        }
    }
}

extension DocumentPiece {
    /// What counts of it.
    fileprivate var documentBytes: Int { json.count + privateBytes.count }
}
