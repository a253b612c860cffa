import LMDB

/// What an account has in the store, and may have: kept for accounts that were given a quota, or counted
/// without one, since then.
public struct AccountUse: Equatable, Sendable {
    /// The account.
    public let account: UInt32
    /// Bytes that it may use; nil for as many as it likes.
    public var quota: UInt64?
    /// Bytes of its documents as they are stored: their JSON, and what is known of them besides.
    public internal(set) var documentBytes: UInt64 = 0
    /// Bytes of files that its documents own.
    public internal(set) var fileBytes: UInt64 = 0
    /// The newest change when it was counted: see `StoreTransaction.use`.
    var sequence: UInt64 = 0

    init(account: UInt32) { self.account = account }

    /// Bytes of both.
    public var bytes: UInt64 { documentBytes + fileBytes }

    /// Whether nothing may be added.
    public var isUsedUp: Bool { quota.map { bytes >= $0 } ?? false }
}

// MARK: Bytes

extension AccountUse {
    private static let noQuota = UInt64.max
    private static let prefix = Array("account".utf8)

    /// Where it is kept in `meta`.
    static func key(_ account: UInt32) -> [UInt8] {
        // SAFETY: the bytes of a value are copied while it is there.
        withUnsafeBytes(of: account.bigEndian) { prefix + $0 }
    }

    /// The account of such a key; nil for other keys.
    static func account(_ key: RawSpan) -> UInt32? {
        guard key.byteCount == prefix.count + 4,
            key.extracting(0..<prefix.count).copied() == prefix
        else { return nil }
        return key.uint32(at: prefix.count).bigEndian
    }

    /// quota u64 (all bits set for none), documents u64, files u64, sequence u64.
    init(account: UInt32, stored: RawSpan) throws(StoreError) {
        guard stored.byteCount == 32 else { throw .corrupted(what: "what an account uses") }
        self.account = account
        let quota = stored.word(at: 0)
        self.quota = quota == Self.noQuota ? nil : quota
        documentBytes = stored.word(at: 8)
        fileBytes = stored.word(at: 16)
        sequence = stored.word(at: 24)
    }

    var stored: InlineArray<4, UInt64> {
        [quota ?? Self.noQuota, documentBytes, fileBytes, sequence]
    }
}

// MARK: Reading

extension StoreView {
    /// What an account uses, as the newest change has noted it; nil if that is not counted.
    public func use(of account: UInt32) throws(StoreError) -> AccountUse? {
        guard let value = try value(AccountUse.key(account).span.bytes, in: databases.meta) else {
            return nil
        }
        return try AccountUse(account: account, stored: value)
    }

    /// What accounts use of which it is counted, in their order.
    public func accountUses() throws(StoreError) -> [AccountUse] {
        var uses: [AccountUse] = []
        var next: UInt32? = 0
        while let from = next, let account = try countedAccount(atOrAfter: from) {
            if let use = try use(of: account) { uses.append(use) }
            next = account == .max ? nil : account + 1
        }
        return uses
    }

    private func countedAccount(atOrAfter account: UInt32) throws(StoreError) -> UInt32? {
        do throws(LMDBError) {
            let key = AccountUse.key(account)
            guard let entry = try transaction.cursor(databases.meta).seek(atOrAfter: key.span.bytes)
            else { return nil }
            return AccountUse.account(entry.key)
        } catch {
            throw StoreError(error)
        }
    }

    /// Whether all changes of an account were counted: a program that does not know how leaves the
    /// change numbers of its records behind.
    func isCurrent(_ use: AccountUse) throws(StoreError) -> Bool {
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.counters)
            let first = DocumentKey(account: use.account, resource: 0, id: 0).family
            var next = try cursor.seek(atOrAfter: first)
            while let entry = next {
                let key = DocumentKey(rawValue: entry.key << Limits.idBits)
                if key.account != use.account { break }
                if entry.value.word(at: 8) > use.sequence { return false }
                next = try cursor.next()
            }
            return true
        } catch {
            throw StoreError(error)
        }
    }

    /// Counts what an account uses: looks at all its documents, and at the record of every file.
    func counted(_ use: AccountUse) throws(StoreError) -> AccountUse {
        var use = use
        use.documentBytes = 0
        use.fileBytes = 0
        let account = use.account
        try forEachDocument(from: DocumentKey(account: account, resource: 0, id: 0)) { document in
            guard document.key.account == account else { return false }
            use.documentBytes += UInt64(document.json.byteCount + document.stored.byteCount)
            return true
        }
        try forEachBlob { record in
            if record.owner.account == account { use.fileBytes += UInt64(record.byteCount) }
        }
        return use
    }

    /// Hands over the record of every file that a document owns.
    private func forEachBlob(_ body: (BlobRecord) -> Void) throws(StoreError) {
        var next: UInt64? = 0
        while let from = next, let id = try blobID(atOrAfter: from) {
            if let record = try blob(id) { body(record) }
            next = id == .max ? nil : id + 1
        }
    }

    private func blobID(atOrAfter id: UInt64) throws(StoreError) -> UInt64? {
        try lifting { () throws(LMDBError) in
            try transaction.cursor(databases.blobs).seek(atOrAfter: id)?.key
        }
    }

    /// Compares what is noted with what there is.
    func checkUses(_ report: inout CheckReport) throws(StoreError) {
        for use in try accountUses() {
            // What another program has left is counted anew with the next change.
            guard try isCurrent(use) else { continue }
            let counted = try counted(use)
            if counted != use {
                report.fault(
                    "account \(use.account): uses \(counted.documentBytes) bytes of documents and "
                        + "\(counted.fileBytes) of files, but \(use.documentBytes) and "
                        + "\(use.fileBytes) are noted")
            }
        }
    }
}
