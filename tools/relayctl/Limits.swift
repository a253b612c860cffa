import RelayContract
import RelayRecords

/// What relayctl counts on, each number with its unit and its reason.
enum Limits {
    /// Changed records that are listed at once: 100 000 are some 20 MB of JSON.
    static let listedChanges = 100_000

    /// Orders per property: a house of eight flats in four years.
    static let ordersPerProperty = 25
    /// Properties per customer: a middling property management firm.
    static let propertiesPerCustomer = 40
    /// Units per property: two flats on each of four floors.
    static let unitsPerProperty = 8
    /// Properties of an account whose units have energy data: enough to look at, and a small part
    /// of a large store.
    static let meteredProperties = 50
    /// A further account has one of so many orders of the first one: enough to see that accounts
    /// are kept apart, little enough not to double the store.
    static let ordersPerFurtherOrder = 10

    /// Orders at most: an id has room for 2^53, but a store of 64 GiB does not.
    static let orders = 20_000_000
    /// Bytes of a quota, 1 PiB: more than any store has.
    static let largestQuota = 1 << 50

    /// Accounts at most.
    static let accounts = 1000
    /// Milliseconds between two lines of progress where no terminal redraws one.
    static let progressInterval = 2000
    /// Milliseconds between two states of the progress bar: what an eye can follow.
    static let redrawInterval = 100

    /// Columns of a progress bar: leaves room for its numbers on a terminal of 80.
    static let barColumns = 24
    /// Milliseconds that the rate of a progress bar looks back: long enough to be steady.
    static let speedWindow = 10_000

    /// Records in one transaction of a sample: 10 000 orders are 13 MB, far below the 64 MiB of a
    /// group commit, and a tenth of a second between two looks at Ctrl-C.
    static let recordsPerCommit = 10_000

    /// Bytes of an answer of the ARGE interface, 16 MiB: one of 9 999 units, more of which four digits cannot
    /// tell apart, has less, and a line of it may have no more.
    static let argeBytes = 16 << 20
    /// Consumptions, or benchmarks, of one unit and month: as many as the contract takes.
    static let eedValues = 100
    /// Characters of a metering company's name: as many as the contract takes.
    static let mscNameCharacters = 200
    /// Deliveries that relayd is sent at once, and their bytes, unless one has more: it takes 10 000, and 8 MiB.
    static let deliveriesAtOnce = 1_000
    static let deliveryBytesAtOnce = 2 << 20
    /// Records of a page that relayd is asked for: as many as the contract gives.
    static let pageRecords = 1_000

    /// Bytes that are read from a file at once.
    static let readBytes = 256 << 10
    /// Bytes of a line at most: as many as a dump writes, and relayd takes as one load.
    static let lineBytes = DumpWriter.lineBytes
    /// Bytes of the first and the last line of a dump, which are short.
    static let frameBytes = 64 << 10
    /// Bytes of lines that relayd is sent at once: 3 000 orders, about a tenth of a second for its
    /// writer. Reads do not wait for it. Of smaller batches each commit writes the same pages of the
    /// lists anew: with 512 KiB the writer's system time was six times as long.
    static let relaydBatchBytes = 4 << 20
    /// Batches that are under way to relayd: one is sent, one decoded, one written.
    static let batchesUnderWay = 3
    /// Bytes of lines that are under way to relayd, unless one line has more: 24 MiB. relayd takes 32 MiB
    /// of bodies on one connection.
    static let bytesUnderWay = 24 << 20
    /// Bytes of lines in one transaction of a store that nobody serves.
    static let storeBatchBytes = 4 << 20
    /// Bytes of lines that wait for others, before they are tried again: 64 MiB of memory.
    static let waitingBytes = 64 << 20
    /// Milliseconds that relayd may take for a batch: a disk may be slow for long.
    static let loadTimeout: Int32 = 60_000
    /// How often a batch is sent again that relayd has no room for, and the microseconds between: as
    /// long as an answer may take.
    static let loadAttempts = 300
    static let loadPause: UInt32 = 200_000

    /// Microseconds between two looks at a relayd that is not ready.
    static let waitPause: UInt32 = 50_000
    /// Milliseconds for which a log's first message is asked for that a server may lack yet: 5 s. What the others
    /// have kept is there in some milliseconds.
    static let copyMilliseconds: Int64 = 5_000
    /// Milliseconds that one may wait for relayd at most: a day.
    static let longestWait = 86_400_000

    /// Milliseconds between two looks of top at most: an hour.
    static let longestInterval = 3_600_000
    /// Milliseconds after which top looks whether a key was pressed or the window changed.
    static let keyPause: Int32 = 100
    /// Milliseconds without an answer after which top says so: an answer takes one.
    static let patience = 1_000
    /// Milliseconds after which top draws again without anything new: the seconds of a silence.
    static let redrawSilence = 1_000
    /// Operations that top shows: 8, so that all lines fit a window of 24.
    static let operationsShown = 8
    /// Keys, and accounts, that top shows: 3, for the same reason.
    static let keysShown = 3
    /// Slowest requests that top shows: 3, for the same reason.
    static let slowestShown = 3
    /// Columns that a broken line of top is set in by: below the figures, behind their names.
    static let brokenIndent = 10
    /// Columns of a window in which nothing is broken any more, only cut off.
    static let narrowestColumns = 20

    /// Process ids that are tried where the store's readers have them in other PID namespaces: as many
    /// containers may read it at once.
    static let processes = 16

    /// Accounts are numbered up to here: 20 bits of a record's key in the store.
    static let highestAccount = (1 << 20) - 1
    /// The largest id of a record.
    static let highestId = Int(RelayContract.Limits.largestId)
    /// Milliseconds that an answer on the admin socket may take. Less than a health check waits.
    static let adminTimeout: Int32 = 2500
    /// Column at which the values of a report stand.
    static let reportColumn = 24

    /// Milliseconds for which a key may be made: from 1 s to 100 years, beyond any that somebody plans for.
    static let keyDuration = 1_000...100 * 365 * 86_400_000

    /// Servers that may keep a log that hosts share: as many as JetStream copies a stream to.
    static let logServers = 1...5
    /// Milliseconds between two looks whether such a log has answered; it always does within seconds.
    static let logAnswerMilliseconds: Int64 = 1_000
    /// Seconds that a server of NATS may take to be reached, and for each part of an answer: one in the same
    /// place takes milliseconds.
    static let plainSeconds = 3
    /// Bytes of such an answer, and of what is read of it at once: one megabyte, far more than settings take.
    static let plainAnswer = 1 << 20
    static let plainPart = 16 << 10
}
