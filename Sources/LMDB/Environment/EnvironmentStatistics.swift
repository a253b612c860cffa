import CLMDB

/// Size and occupancy of an environment.
public struct EnvironmentStatistics: Sendable {
    /// Bytes of address space.
    public let mapBytes: Int
    /// Bytes of one page.
    public let pageBytes: Int
    /// Pages of the file that have ever been used; freed ones are among them.
    public let usedPages: Int
    /// Number of the newest commit.
    public let lastTransactionID: UInt64
    /// Reader slots that there are, over all processes.
    public let readerSlots: Int
    /// Reader slots that have been taken at some time since the lock file was made.
    public let readersSeen: Int

    /// Bytes of the file up to the last used page.
    public var usedBytes: Int { usedPages * pageBytes }
}

extension Environment {
    /// Size and occupancy now; no system call.
    public var statistics: EnvironmentStatistics {
        var information = MDB_envinfo()
        mdb_env_info(pointer, &information)
        var statistics = MDB_stat()
        mdb_env_stat(pointer, &statistics)
        return EnvironmentStatistics(
            mapBytes: information.me_mapsize, pageBytes: Int(statistics.ms_psize),
            usedPages: information.me_last_pgno + 1,
            lastTransactionID: UInt64(information.me_last_txnid),
            readerSlots: Int(information.me_maxreaders), readersSeen: Int(information.me_numreaders)
        )
    }
}
