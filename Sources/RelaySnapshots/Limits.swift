/// Every number that bounds snapshots, with its unit and the reason for it.
public enum Limits {
    /// Version of the manifest, and of a repository's files where they are not encrypted.
    static let formatVersion = 1

    /// Version of a repository whose files are encrypted: programs from before that refuse it by this
    /// number.
    static let encryptedFormatVersion = 2

    /// Bytes of a file with a key or a passphrase, and of the file `key` of a repository: 4 KiB.
    static let keyFileBytes = 4_096

    /// Bytes of the shortest passphrase that a repository takes: 12. Whoever has a copy of the
    /// repository can try as many as he likes.
    static let shortestPassphrase = 12

    /// Passes of Argon2id over its memory, for a new passphrase: 3, what RFC 9106 recommends with…
    static let passphrasePasses = 3

    /// Bytes that it takes: 64 MiB, the second recommendation of RFC 9106, for a tenth of a second. The
    /// first takes 2 GiB, which a small machine or a container may not have.
    static let passphraseMemory = 64 << 20

    /// Passes that are read, in case a later program makes more.
    static let passphrasePassesRead = 1...64

    /// Bytes of memory that are read: 1 GiB at most, whatever a repository says.
    static let passphraseMemoryRead = 8 << 10...1 << 30

    /// Bytes that are copied, hashed or packed in one step: 1 MiB. Large enough that system calls
    /// do not count, small enough that a step never holds a core for long.
    static let stepBytes = 1 << 20

    /// Bytes that are written before the kernel is told to write them out and to forget them: 32
    /// MiB. So a copy never fills the page cache, which belongs to what relayd serves.
    static let flushBytes = 32 << 20

    /// Bytes of a data file that one sum of the manifest covers: 4 MiB. A torn copy is then told
    /// by place, for 20 bytes of manifest per segment.
    static let segmentBytes = 4 << 20

    /// Bytes of a manifest: 16 MiB hold the sums of a store of three terabytes.
    static let manifestBytes = 16 << 20

    /// Counts of documents in a manifest, of at most 80 bytes each: 100 000, half of what a manifest has room for.
    /// A store with more accounts and kinds of record has one count for each kind.
    static let manifestCounts = 100_000

    /// Pages of a snapshot that a manifest can speak of: 2^40, four petabytes of the usual ones, below
    /// which no sum of bytes overflows.
    static let snapshotPages = 1 << 40

    /// Bytes by which the store may grow while a snapshot is taken, unless the command says
    /// otherwise: 1 GiB. A snapshot keeps all pages of its commit, so every write takes new ones.
    public static let growthBytes = 1 << 30

    /// Bytes that must stay free on the disk after a snapshot: 64 MiB.
    static let spareBytes = 64 << 20

    /// Repositories that a store remembers to have snapshots in: 100, more than one moves through in
    /// years.
    static let knownRepositories = 100

    /// Bytes of the file that names them: 1 MiB holds 100 of the longest paths of Linux, twice over.
    static let repositoriesBytes = 1 << 20

    /// Bytes of what rclone says when it fails that are repeated: 2 KiB, its last lines.
    static let rcloneMessageBytes = 2_048

    /// Milliseconds between two looks whether rclone shall go on: a second. A signal wakes at once.
    static let rcloneLookMilliseconds: Int32 = 1_000

    /// Findings that a verification lists; more of them say nothing new.
    static let findings = 100

    /// Bytes of what is kept of verifications: a few times of 24 bytes each.
    static let verificationBytes = 4096

    /// Bytes of a label.
    public static let labelBytes = 200

    /// Bytes of a page's address in a repository: BLAKE2b with 160 bits. No two pages will ever
    /// share one, by accident or on purpose, and the index stays at half a percent of the pages.
    static let addressBytes = 20

    /// Pages that are compressed together: 256, which is 1 MiB of the usual pages. A quarter of that
    /// compresses a seventh worse, more would make a damaged frame cost more pages.
    static let framePages = 256

    /// Frames that are kept decompressed while a snapshot is laid out: 32 MiB. Pages come in the
    /// order of the file, so a pack is read from its beginning to its end.
    static let openFrames = 32

    /// Bytes of frames in one pack: 64 MiB. A pack is what is deleted or rewritten as a whole.
    static let packBytes = 64 << 20

    /// Level of zstd for a first snapshot: 3, its default, which is as fast as a disk.
    static let compressionLevel: Int32 = 3

    /// Level of zstd for what a later snapshot adds: 9. Scattered pages compress worse than
    /// neighbours, and there are few of them: a fifth less for a second of work.
    static let additionLevel: Int32 = 9

    /// Pages that are compressed so: 16 384, which is 64 MiB of the usual pages. Behind that the
    /// store would be held for too long, and the rest is compressed as a first snapshot is.
    static let additionPages = 16_384

    /// Pages that are compressed together after as many that they are like: 64. A damaged frame, or a
    /// damaged base, takes no more of them along; four times as many are a tenth smaller.
    static let deltaFramePages = 64

    /// Pages of a snapshot that are held back until all are known that the one before it has and this
    /// one has not, and as many of those to compare them with: 65 536 each, which is 256 MiB of the
    /// usual pages. They wait on the disk; their sketches take 12 MiB of memory. What is new beyond
    /// that is stored whole.
    static let heldPages = 65_536

    /// Features of 16 that a page must share with the one that it is built on: 2. One may be chance.
    static let sharedFeatures = 2

    /// Pages that may have a feature, or it tells nothing: 64, which bounds the work for a page too.
    static let commonFeature = 64

    /// Files of a repository that are open and written out together: 4. The disk takes
    /// them faster than one after the other, and a process that may open 24 files can do it.
    static let filesAtOnce = 4

    /// Percent of a pack's pages that must be needed, or prune may write it anew: of what is read and
    /// written then, nearly half is won.
    static let neededPercent = 60

    /// Packs of which less is needed that prune lets stay for each page map that it would write anew for
    /// them: 4. Each costs as much as to open a file, and a page map as much as to write hundreds of
    /// kilobytes; so however little packs waste, a map is written anew once in four snapshots at most.
    static let sparsePacks = 4

    /// Bytes of a repository's map of a snapshot when it is not compressed: 256 MiB, twenty million runs.
    static let mapBytes = 256 << 20

    /// Milliseconds until a scheduled snapshot that failed is tried again, unless the interval is
    /// shorter: a minute, in which a disk that is full says so to nobody twice.
    static let retryMilliseconds = 60_000

    /// Milliseconds that a schedule sleeps at most: an hour, behind which it looks at the clock again.
    static let sleepMilliseconds: Int64 = 3_600_000

    /// Bytes of lines that a salvage loads in one transaction: 8 MiB, as a load of a dump does.
    static let salvageBatchBytes = 8 << 20

    /// Records between two looks at whether a salvage shall go on: 256 take some milliseconds.
    static let salvageStep = 256

    /// Changes that a restore replays in one transaction: enough to share a commit, few enough that
    /// none grows beyond what LMDB can track.
    static let changesPerCommit = 500
}
