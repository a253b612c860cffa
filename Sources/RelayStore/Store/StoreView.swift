import LMDB

/// A consistent view of the store: what a `StoreReader` shows, and what a `StoreTransaction` has
/// made of it so far. Everything that reads is an extension of this type, written once.
///
/// What it hands out points into the map and lives as long as the reader is not renewed or the
/// transaction not changed; the compiler sees to that.
public struct StoreView: ~Copyable, ~Escapable {
    let transaction: ReadTransaction
    let databases: Databases

    @_lifetime(copy transaction)
    init(_ transaction: consuming ReadTransaction, _ databases: Databases) {
        self.transaction = transaction
        self.databases = databases
    }

    @_lifetime(copy self)
    func value(
        _ key: UInt64, in database: IntegerDatabase
    ) throws(StoreError) -> RawSpan? {
        do throws(LMDBError) {
            return try transaction.get(key, in: database)
        } catch {
            throw StoreError(error)
        }
    }

    @_lifetime(copy self)
    func value(_ key: RawSpan, in database: BytesDatabase) throws(StoreError) -> RawSpan? {
        do throws(LMDBError) {
            return try transaction.get(key, in: database)
        } catch {
            throw StoreError(error)
        }
    }
}

// MARK: - Documents

extension StoreView {
    /// A document, if there is one under this key.
    @_lifetime(copy self)
    public func document(_ key: DocumentKey) throws(StoreError) -> DocumentView? {
        guard let block = try block(holding: key) else { return nil }
        let index = block.position(of: key.rawValue)
        guard index < block.count, block.key(at: index) == key.rawValue else { return nil }
        return try block.document(at: index)
    }

    /// The block that holds this key if any does.
    @_lifetime(copy self)
    func block(holding key: DocumentKey) throws(StoreError) -> DocumentBlock? {
        guard let bytes = try blockBytes(atOrBefore: key.rawValue) else { return nil }
        return try DocumentBlock(bytes)
    }

    /// A cursor over the blocks of documents.
    @_lifetime(copy self)
    func documentCursor() throws(StoreError) -> Cursor {
        do throws(LMDBError) {
            return try transaction.cursor(databases.documents)
        } catch {
            throw StoreError(error)
        }
    }

    @_lifetime(copy self)
    private func blockBytes(atOrBefore key: UInt64) throws(StoreError) -> RawSpan? {
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.documents)
            guard let entry = try cursor.seek(atOrBefore: key) else { return nil }
            return entry.value
        } catch {
            throw StoreError(error)
        }
    }
}
