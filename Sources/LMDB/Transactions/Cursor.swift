import CLMDB

/// An entry whose key is an integer.
public struct IntegerEntry: ~Escapable {
    /// The key.
    public let key: UInt64
    /// The value's bytes in the map.
    public let value: RawSpan

    @_lifetime(copy value)
    init(key: UInt64, value: RawSpan) {
        self.key = key
        self.value = value
    }
}

/// An entry whose key is a byte string.
public struct BytesEntry: ~Escapable {
    /// The key's bytes in the map.
    public let key: RawSpan
    /// The value's bytes in the map.
    public let value: RawSpan

    @_lifetime(copy key, copy value)
    init(key: RawSpan, value: RawSpan) {
        self.key = key
        self.value = value
    }
}

/// A position among integer keys. Every movement returns where it arrived, or nil at the end.
public struct Cursor: ~Copyable, ~Escapable {
    private let handle: CursorHandle

    @_lifetime(immortal)
    init(_ handle: consuming CursorHandle) {
        self.handle = handle
    }

    /// The first entry whose key is at least this.
    @_lifetime(copy self)
    public func seek(atOrAfter key: UInt64) throws(LMDBError) -> IntegerEntry? {
        try seek(key, MDB_SET_RANGE)
    }

    /// The last entry whose key is at most this.
    @_lifetime(copy self)
    public func seek(atOrBefore key: UInt64) throws(LMDBError) -> IntegerEntry? {
        guard let entry = try seek(key, MDB_SET_RANGE) else { return try last() }
        return entry.key == key ? entry : try previous()
    }

    /// The first entry.
    @_lifetime(copy self)
    public func first() throws(LMDBError) -> IntegerEntry? { try move(MDB_FIRST) }

    /// The last entry.
    @_lifetime(copy self)
    public func last() throws(LMDBError) -> IntegerEntry? { try move(MDB_LAST) }

    /// The entry after the current one.
    @_lifetime(copy self)
    public func next() throws(LMDBError) -> IntegerEntry? { try move(MDB_NEXT) }

    /// The entry before the current one.
    @_lifetime(copy self)
    public func previous() throws(LMDBError) -> IntegerEntry? { try move(MDB_PREV) }

    @_lifetime(copy self)
    private func move(_ operation: MDB_cursor_op) throws(LMDBError) -> IntegerEntry? {
        guard let found = try handle.move(operation) else { return nil }
        return entry(found)
    }

    @_lifetime(copy self)
    private func seek(
        _ key: UInt64, _ operation: MDB_cursor_op
    ) throws(LMDBError) -> IntegerEntry? {
        guard let found = try handle.seek(key, operation) else { return nil }
        return entry(found)
    }

    @_lifetime(copy self)
    private func entry(_ found: CursorHandle.Position) -> IntegerEntry {
        // SAFETY: an integer key has 8 bytes; key and value stay mapped and unchanged as long as
        // what this cursor borrows is not renewed, reset or written to.
        let key = found.key.mv_data.loadUnaligned(as: UInt64.self)
        return unsafe _overrideLifetime(
            IntegerEntry(key: key, value: RawSpan(found.value)), copying: self)
    }
}

/// A position among byte-string keys.
public struct BytesCursor: ~Copyable, ~Escapable {
    private let handle: CursorHandle

    @_lifetime(immortal)
    init(_ handle: consuming CursorHandle) {
        self.handle = handle
    }

    /// The first entry whose key is at least this.
    @_lifetime(copy self)
    public func seek(atOrAfter key: RawSpan) throws(LMDBError) -> BytesEntry? {
        guard let found = try handle.seek(key, MDB_SET_RANGE) else { return nil }
        return entry(found)
    }

    /// The first entry.
    @_lifetime(copy self)
    public func first() throws(LMDBError) -> BytesEntry? { try move(MDB_FIRST) }

    /// The last entry.
    @_lifetime(copy self)
    public func last() throws(LMDBError) -> BytesEntry? { try move(MDB_LAST) }

    /// The entry after the current one.
    @_lifetime(copy self)
    public func next() throws(LMDBError) -> BytesEntry? { try move(MDB_NEXT) }

    /// The entry before the current one.
    @_lifetime(copy self)
    public func previous() throws(LMDBError) -> BytesEntry? { try move(MDB_PREV) }

    @_lifetime(copy self)
    private func move(_ operation: MDB_cursor_op) throws(LMDBError) -> BytesEntry? {
        guard let found = try handle.move(operation) else { return nil }
        return entry(found)
    }

    @_lifetime(copy self)
    private func entry(_ found: CursorHandle.Position) -> BytesEntry {
        // SAFETY: as for integer keys.
        unsafe _overrideLifetime(
            BytesEntry(key: RawSpan(found.key), value: RawSpan(found.value)), copying: self)
    }
}
