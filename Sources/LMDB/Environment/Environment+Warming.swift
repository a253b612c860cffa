import CLMDB
import CLinux
import Glibc

extension Environment {
    /// Reads the file's used part into the page cache and enters it into this process's page
    /// table, so that no lookup waits for the disk or takes a fault on its first touch.
    ///
    /// Costs the time of reading the file once; the kernel may drop the pages again when it needs
    /// memory, so a store larger than memory gains nothing.
    ///
    /// - Parameter progress: told how many of how many bytes are there.
    /// - Returns: bytes of the map that are there now.
    @discardableResult
    public func warm(progress: (Int, Int) -> Void = { _, _ in }) throws(LMDBError) -> Int {
        var file: Int32 = -1
        try check(mdb_env_get_fd(pointer, &file))
        // A file may end before its last used page (see `PageWalk`): behind its end is SIGBUS.
        let used = statistics.usedBytes
        let bytes = min(used, try fileBytes() / statistics.pageBytes * statistics.pageBytes)
        let start = try Reader(self).mapStart()
        var offset = 0
        while offset < bytes {
            let step = min(Limits.warmingBytes, bytes - offset)
            // The disk reads the next step while the pages of this one are entered.
            relay_read_ahead(file, offset + step, UInt(step))
            try populate(start + offset, step)
            offset += step
            progress(offset, bytes)
        }
        return bytes
    }

    private func populate(_ start: UnsafeRawPointer, _ bytes: Int) throws(LMDBError) {
        while relay_populate(start, UInt(bytes)) != 0 {
            if errno == EINTR { continue }
            throw .system(call: "madvise", errno: errno, path: directory)
        }
    }
}

extension Reader {
    /// Where the file's first byte is mapped. liblmdb does not tell, but a page says its own number
    /// in its first word (`MDB_page`), so any page that can be found tells where all of them lie.
    borrowing func mapStart() throws(LMDBError) -> UnsafeRawPointer {
        // The tree of named databases: its records are small, so they lie in a page of the tree
        // and not on pages of their own. Its handle is always this one (MAIN_DBI).
        let mainTree: MDB_dbi = 1
        guard let entry = try CursorHandle(view, mainTree).move(MDB_FIRST) else {
            throw .corrupted
        }
        let pageBytes = environment.statistics.pageBytes
        // SAFETY: the page is mapped for as long as the environment, and unchanged while the
        // reader lives.
        let address = UInt(bitPattern: entry.value.mv_data) & ~UInt(pageBytes - 1)
        guard let page = UnsafeRawPointer(bitPattern: address) else { throw .corrupted }
        return page - page.load(as: Int.self) * pageBytes
    }
}
