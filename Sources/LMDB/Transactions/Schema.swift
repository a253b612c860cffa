import CLMDB

/// A named database whose keys are 64-bit integers in numeric order (`MDB_INTEGERKEY`).
public struct IntegerDatabase: Sendable {
    let handle: MDB_dbi
}

/// A named database whose keys are byte strings in the order of `memcmp`, shorter first.
public struct BytesDatabase: Sendable {
    let handle: MDB_dbi
}

/// The databases that an environment must have; all of them are opened with it, because
/// `mdb_dbi_open` must not run beside another transaction.
public struct Schema: Sendable {
    /// Names of databases with integer keys.
    public var integer: [String]
    /// Names of databases with byte-string keys.
    public var bytes: [String]

    /// A schema of these names.
    public init(integer: [String], bytes: [String]) {
        self.integer = integer
        self.bytes = bytes
        precondition(integer.count + bytes.count <= Int(Limits.databases))
    }
}

/// Size of a database as LMDB counts it.
public struct DatabaseStatistics: Sendable {
    /// Entries in the database.
    public let entries: UInt64
    /// Levels of the B-tree.
    public let depth: UInt32
    /// Inner pages of the tree.
    public let branchPages: UInt64
    /// Pages that hold keys and small values.
    public let leafPages: UInt64
    /// Pages that hold large values.
    public let overflowPages: UInt64

    init(_ statistics: MDB_stat) {
        entries = UInt64(statistics.ms_entries)
        depth = statistics.ms_depth
        branchPages = UInt64(statistics.ms_branch_pages)
        leafPages = UInt64(statistics.ms_leaf_pages)
        overflowPages = UInt64(statistics.ms_overflow_pages)
    }
}
