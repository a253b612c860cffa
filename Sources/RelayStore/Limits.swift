import LMDB

/// Every number that bounds the store, with its unit and the reason for it.
public enum Limits {
    /// Version of the bytes on disk; FORMAT.md describes it.
    public static let formatVersion: UInt32 = 5

    /// The oldest version that can be read: it lacks lists, which are filled before the first change.
    public static let oldestFormat: UInt32 = 1

    /// Bytes of the largest map, see `LMDB.Limits.largestMapBytes`.
    public static let largestMapBytes = LMDB.Limits.largestMapBytes

    /// Bytes of a block of documents and of a list node: what fits one overflow page of 4 096
    /// bytes behind LMDB's header of 16. One page never needs a search for contiguous ones.
    static let blockBytes = 4_080

    /// Bytes of one document, JSON and private bytes together, those of its segments too: 16 MiB. Far
    /// above any answer, and far below the 64 MiB of a group commit.
    public static let documentBytes = 16 << 20

    /// Documents of one change, whose number has 23 bits in its record: no body and no load can hold as
    /// many.
    public static let changedDocuments = 1 << 23

    /// Bytes of one change record without the list of its documents: 64 MiB, what a load may bring at once. A change that is accepted must not
    /// fail because its record is longer than what it made.
    public static let changeRecordBytes = 64 << 20

    /// Accounts: 20 bits of a document's key.
    public static let accounts: UInt32 = 1 << 20

    /// Kinds of resource: 6 bits of a document's key.
    public static let resources: UInt8 = 1 << 6

    /// Bits of an id; 274 billion records an account and resource, and exact in a JSON number.
    public static let idBits: UInt64 = 38

    /// Ids above this number are what a dry run gives out, for its own use only: 2^37, half of all
    /// there are. Whoever writes its answer can tell them from ids of records, and leave them out.
    public static let provisionalIDs: UInt64 = 1 << 37

    /// Keys in one leaf of a counted list: 504 of 8 bytes behind a header of 8, rounded down so
    /// that also the root record with its total fits a block.
    static let leafKeys = 504

    /// Children of one inner node of a counted list, of 24 bytes each.
    static let innerChildren = 168

    /// Keys in one leaf of a list with 128-bit keys: half as many.
    static let wideLeafKeys = 252

    /// Children of one inner node of such a list, of 32 bytes each.
    static let wideInnerChildren = 126

    /// Levels of a counted list. Ten hold more than the 2^38 ids there can be, many times over.
    static let listLevels = 10

    /// Bytes of a looked-up text that are kept as they are; a longer one is kept as its hash,
    /// because an LMDB key ends at 511 bytes.
    static let uniqueTextBytes = 400

    /// Commands that wait for the writer: 10 000, more than a second of durable inserts. Behind
    /// that a client is better told to come back.
    public static let queuedCommands = 10_000

    /// Bytes that an encoded command has room for at first: 256 hold a change of one record.
    static let commandReserve = 256

    /// Bytes up to which an encoded command is kept for the log: 1 KiB, of as many as may wait 10 MB.
    static let keptEncodingBytes = 1 << 10

    /// Bytes of commands that wait for the writer: 64 MiB.
    public static let queuedBytes = 64 << 20

    /// Bytes of commands in one group commit: 64 MiB. LMDB's list of changed pages overflows far
    /// above that, and one commit then still takes less than a second.
    static let commitBytes = 64 << 20

    /// Commands after which the writer lets others have the core, if it applies as many in a group:
    /// 4 are about 100 µs, what a loop's own turn takes.
    static let commandsBetweenYields = 4

    /// Times that a commit lets others have the core: 8. Beside loops that are always busy each is a
    /// slice of the scheduler's, 1 to 3 ms, and so all of them are no more than a slow fdatasync.
    static let yieldsPerCommit = 8

    /// The share of the map that only deletions may use, and the most that is kept back for them.
    /// A store that is full to the last page could not even be emptied.
    static let reserveShare = 4
    /// Bytes, see `reserveShare`: 512 MiB hold a group commit of deletions.
    static let reserveBytes = 512 << 20

    /// Bytes that a put may take besides its own: the page it copies, shared by the puts of a
    /// group. What is more than that comes out of what is kept back for deletions.
    static let putOverheadBytes = 4_096

    /// Bytes between the end of the file and the quota that are plenty for any group commit: 1 GiB.
    static let plentyBytes = 1 << 30

    /// Bytes between the end of the file and the quota below which each commit is followed by a
    /// tick: 64 MiB. A store is this close to its end only when its free pages matter.
    static let tickBytes = 64 << 20

    /// Pages by which the file grows before the slots of dead readers are looked for: 1 MiB.
    static let grownPages = 256

    /// Milliseconds after which what could not be removed is tried again, at first and at most.
    static let removalDelay: ClosedRange<Int64> = 1_000...60_000

    /// Keys of damaged documents that are kept, and named in the log: more say nothing new.
    static let damagedKeys = 1_000

    /// Milliseconds between two looks at whether the store's files are still in place.
    static let upkeepInterval: Int64 = 1_000

    /// Milliseconds between two searches for dead readers.
    static let readerCheckInterval: Int64 = 10_000

    /// Milliseconds from the beginning of one scrub to that of the next: a day.
    static let scrubInterval: Int64 = 86_400_000

    /// Bytes that a scrub reads in a second unless told otherwise: 4 MiB, 2 ms of a core.
    public static let scrubRate = 4 << 20

    /// Commits that a disk refuses one after the other before it is not waited for any longer: 3, for one may be
    /// chance.
    static let failingCommits = 3

    /// Milliseconds from the first of them to the last: 10 s. What a disk gets over takes seconds.
    static let failingMilliseconds: Int64 = 10_000

    /// Milliseconds for which failed commits, or failed reads, are counted before the log says so again.
    static let failureLogInterval: Int64 = 10_000

    /// Entries of a reader's table of hints: 2^20 of 4 bytes, touched as documents are. Enough for
    /// the records that are asked for again and again, and 4 MiB at most.
    static let hints = 1 << 20

    /// Documents ahead of the one that a selected page stands on whose hints are fetched from
    /// memory, and those whose own memory is: a miss takes as long as the work on a few of them.
    static let foreseenDocuments = 12
    static let prefetchedDocuments = 6

    /// Blocks that a walk over a list fetches ahead, a power of two: 4, enough to hide a miss behind
    /// the work on as many.
    typealias BlocksAhead<Element> = InlineArray<4, Element>

    /// Documents that the latest commits moved, kept for readers to follow: 2^14 of 16 bytes are
    /// thousands of changed records. A reader that falls farther behind forgets all its hints.
    static let movedDocuments = 1 << 14

    /// Neighbouring ids of which a reader knows together when one was last moved: 2^6, about as many as
    /// are on a page.
    static let areaBits: UInt64 = 6

    /// Such stretches of ids that a reader tells from one another, a power of two: 4 096 of 8 bytes.
    static let movedAreas = 1 << 12

    /// Random bytes of an API key: 160 bits, a multiple of what one base32 character holds.
    static let keyRandomBytes = 20

    /// Of 2^6 documents that a reader finds, one is compared with its checksum: about 40 of 16 000
    /// instructions for each GET. Of 2^8 pages of lists all documents are: about 270 of 29 000.
    static let sampleBits: UInt64 = 6
    static let pageSampleBits: UInt64 = 8

    /// Bytes of an API key's checksum, so that a mistyped key is refused without a lookup.
    static let keyChecksumBytes = 5

    /// Requests of an API key in a second, minute or hour, and at once: more than a machine answers in
    /// a second.
    public static let requestsPerPeriod = 1_000_000

    /// Uploads of an API key under way at once that a limit can allow: as many as relayd takes of all.
    public static let uploadsOfKey = 512

    /// Bytes of the label of an API key.
    public static let keyLabelBytes = 200

    /// Counters that the figures of a store list: an answer of some hundred KB. Whoever has thousands
    /// of accounts asks for one.
    public static let countersShown = 2_000

    /// Bytes of a chunk: with its checksum and LMDB's header of 16 bytes it fills 16 overflow pages
    /// of 4 096, so that an answer is a few long runs, and 16 free pages in a row are found quickly.
    public static let chunkBytes = 16 * 4_096 - 16 - 8

    /// Chunks that a reader remembers to be intact, a power of two: 2^11 are the largest file and some
    /// more, and 64 KiB of memory once files are read.
    static let intactChunks = 1 << 11

    /// Milliseconds after which a chunk that was found intact is compared with its checksum again: a
    /// minute, so that damage done since is in no answer that begins later.
    static let intactMilliseconds: Int64 = 60_000

    /// Chunks of a blob: 2^16 of them are 4 GiB.
    static let chunkBits: UInt64 = 16

    /// Ids of blobs are below this: with the number of a chunk they fill 64 bits.
    static let blobIDs: UInt64 = 1 << (64 - chunkBits)

    /// Chunks of an upload in memory, being filled or written: two, so that one is filled while the
    /// other is on its way to the disk.
    static let chunksInMemory = 2

    /// Chunks that one command removes: 512 are 32 MiB of pages to free, a few milliseconds in which
    /// other writes wait.
    static let removedChunks = 512

    /// Milliseconds for which the answer to an Idempotency-Key is remembered: 24 hours, as the
    /// contract promises. Only those count in which the store was open for writing.
    public static let rememberedMilliseconds: Int64 = 24 * 60 * 60 * 1_000

    /// Old answers that each write with a key forgets: 8. Each adds one, so that what has piled up
    /// shrinks, and no write pays for many.
    public static let forgottenAnswers = 8

    /// How much faster than the time that passes the age of changes may grow, to catch up with a clock that
    /// went on while nobody wrote: twice. A clock that jumps ahead for an hour costs an hour of the log.
    static let settlingRate: Int64 = 2

    /// The latest time that a change is given, in milliseconds since 1970: the end of the year 9999, behind
    /// which no text of the contract goes.
    static let latestTime: Int64 = 253_402_300_799_999

    /// Bytes of a page of the store, what LMDB takes from the system's pages.
    static let pageBytes = 4_096

    /// Milliseconds that the change log goes back (`StoreTime.settled`): 30 days, within which a store can be restored as
    /// of any moment and what a client did be looked up.
    public static let changeMilliseconds: Int64 = 30 * 24 * 60 * 60 * 1_000

    /// Bytes that the change log may take: 1 GiB, a million writes of one order each. Less than the
    /// records themselves in a store that has been used for a while.
    public static let changeBytes = 1 << 30

    /// Changes that a commit removes besides two for each of its commands: 64, a page or two. So
    /// the log shrinks faster than it grows, and no commit pays for much.
    static let trimmedChanges = 64

    /// Faults that a check reports; more of them say nothing new.
    static let checkFaults = 100
}
