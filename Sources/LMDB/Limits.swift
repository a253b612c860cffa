/// Every number that bounds this module, with its unit and the reason for it.
public enum Limits {
    /// Bytes of address space that a data file may grow into: 64 GiB.
    ///
    /// The map is made once, because `mdb_env_set_mapsize` under a live reader ends in SIGBUS.
    /// Address space costs nothing until it is used, so the default is far above any real store.
    public static let mapBytes = 64 << 30

    /// Bytes of the largest map that a data file can ask for: 16 TiB, an eighth of the address space.
    public static let largestMapBytes = 16 << 40

    /// Bytes of one write at most that liblmdb makes of a transaction: 64 pages, or a value of
    /// 16 MiB with its page's header. Where less than that is free, a short write was a full disk.
    static let writeBytes = 17 << 20

    /// Reader slots in the lock file: 1 024. LMDB's own 126 are soon used up by loops, tools and
    /// copies, and a slot costs one cache line.
    public static let readers: UInt32 = 1_024

    /// Named databases in one environment: 32. Each costs a few dozen bytes per transaction.
    public static let databases: UInt32 = 32

    /// Bytes of the smallest page LMDB may have been built with, and of the largest.
    static let pageBytes: ClosedRange<UInt32> = 512...65_536

    /// Pages of a data file: 2^40, four petabytes of the usual ones. A meta page that says more is
    /// none; below it, sums of page numbers do not overflow.
    static let pagesOfFile: UInt64 = 1 << 40

    /// Levels of an LMDB tree (`CURSOR_STACK`); a deeper one is a circle.
    static let treeLevels = 32

    /// Faults of the page structure that are reported; more of them say nothing new.
    static let pageFaults = 50

    /// Attempts to read the meta page of a commit before the next but one is begun: each fails only
    /// if two commits fall into a microsecond.
    static let metaAttempts = 1_000

    /// Bytes of a key: what liblmdb was compiled with (`mdb_env_get_maxkeysize`).
    public static let keyBytes = 511

    /// Cached cursors of one reader: one per named database and two for LMDB's own.
    static let cursorSlots = Int(databases) + 2

    /// Bytes of the map that are warmed in one step, while the disk reads the next: 64 MiB, a tenth
    /// of a second of a slow disk.
    static let warmingBytes = 64 << 20

    /// Bytes of the data file that are written out in one step at least: 4 MiB, for which others wait a few
    /// milliseconds.
    static let writtenOutBytes = 4 << 20

    /// Steps in which it is written out at most: 4 096, of a microsecond each where nothing has changed.
    static let writtenOutPieces = 4_096
}
