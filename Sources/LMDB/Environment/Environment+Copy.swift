import CLMDB

extension Environment {
    /// Writes the newest commit without its free pages to a file or a pipe, with a reader of its
    /// own. The C function is `mdb_env_copyfd2` with `MDB_CP_COMPACT`.
    public func writeCompacted(to file: Int32) throws(LMDBError) {
        transactionBegins()
        defer { transactionEnded() }
        let code = mdb_env_copyfd2(pointer, file, UInt32(MDB_CP_COMPACT))
        if code > 0 { throw .system(call: "mdb_env_copyfd2", errno: code, path: directory) }
        try check(code)
    }
}
