import HTTP2
import RelayRecords

/// Limits of the server, with their units and reasons.
public enum Limits {
    /// Changed records of a page of getChanges that has no `limit`: the contract's default.
    static let feedPage = 100

    /// Bytes of such a page before another change is added: 256 KiB. One with its document may be longer.
    static let feedPageBytes = 256 * 1024

    /// Changes and records that are looked at for one page or portion of a feed: 20 000, some
    /// milliseconds in which a loop does nothing else.
    static let feedBudget = 20_000

    /// Changes and records that are looked at to find out whom a commit concerns: 4 096. If there are
    /// more, everyone looks.
    static let newsBudget = 4_096

    /// Seconds that getChanges waits for a change, at most: the contract's.
    static let waitSeconds: Int64 = 60

    /// Exchanges of a loop that wait for changes at once: 8 192 of some hundred bytes.
    static let followers = 8_192

    /// Bytes of events that a follower is given at once: 64 KiB, what a client's window has room for.
    static let followerPortionBytes = 64 * 1024

    /// Portions that are kept for followers at the same place: 64, of different accounts and kinds.
    static let renderedEvents = 64

    /// Seconds without an event after which a heartbeat is sent, and after as many again a bookmark: 5, so
    /// that a position comes at least every 15, as the contract promises.
    static let heartbeatSeconds = 5

    /// Milliseconds after which a client of events comes again when its stream has ended.
    static let followerRetryMilliseconds = 1_000

    /// Milliseconds that a request waits for the position in its Relay-Min-Seq: 2 s.
    static let leastPositionMilliseconds: Int64 = 2_000

    /// Seconds after which a client that was turned away may come again (Retry-After).
    static let retryAfterSeconds = 1

    /// Characters of an Idempotency-Key: 255. A UUID has 36.
    static let idempotencyKeyBytes = 255

    /// Bytes of an admin request's body: an account number and a label.
    static let adminBodyBytes = 4_096

    /// Bytes of lines that are loaded at once: the longest line of a dump, so that every document fits.
    public static let loadBodyBytes = DumpWriter.lineBytes + 1

    /// Event loops at most; beyond the cores of a machine more do not help.
    public static let maxLoops = 64

    /// Bytes of a comment's JSON body: its text and two short members, with every character escaped.
    static let commentBytes = 1 << 20

    /// Files of one comment: the API documentation's "maximum of 10 files".
    static let filesPerComment = 10

    /// Bytes of a comment's files together, and of a document's file: 100 MB in the API documentation.
    static let fileBytes = RelayRecords.Limits.fileBytes

    /// Uploads under way at once, of all connections. Each may have two chunks in memory, 128 KiB,
    /// for as long as its client sends nothing: 64 MiB together.
    static let uploadsUnderWay = 512

    /// Characters of a file's name: what file systems take.
    static let fileNameCharacters = 255

    /// Bytes of a file's media type: RFC 6838 §4.2 allows as many for type and subtype each; none needs it.
    static let mediaTypeBytes = 127

    /// Bytes of a form part's fields: a long name and its encoded form.
    static let partHeadBytes = 8_192

    /// Bytes of a form's text that are kept: above the longest that the schema lets through.
    static let formMemberBytes = 65_536

    /// Parts of a form that are no files. The contract knows three; more are faults to be listed.
    static let formMembers = 100

    /// Bytes of a body besides the file's in base64: a name and metadata.
    static let attachmentMemberBytes = 65_536

    /// Bytes at the start of a PDF within which `%PDF-` stands.
    static let pdfHeaderBytes = 1_024

    /// Bytes of room for a field that may be long: more than a stream's slot has, so that it has
    /// memory of its own and all other fields fit the slot.
    static let longFieldBytes = 1_024

    /// Records of a selection that are found at once: the longest page of the contract. One that is
    /// asked for whole goes in steps of as many.
    static let selectedRecords = RelayRecords.Limits.selectedRecords

    /// Bytes of a `Link` field besides path, query and cursor: its marks and the limit.
    static let linkBytes = 64

    /// Pages that a loop remembers, a power of two: at 300 bytes for what was asked for, and 1.4 KiB
    /// for the answer, which the system gives one by one as pages come that are asked for again.
    static let rememberedPages = 512
    /// Of those the slots that one page may be in, a power of two: of 40 pages in 512 slots of their own, two
    /// or three would share one with another, and each time push it out.
    static let pageWays = 4

    /// Requests for a page until it is copied. Fresh memory for one of 66 KB costs 40 µs and a copy saves 8
    /// for each answer; so one that is asked for no more by then has cost an eighth in vain.
    static let timesAskedForCopy = 16

    /// Bytes of all copies, shared by the loops: 32 MiB, some 500 pages of 50 orders.
    static let rememberedBytes = 32 << 20

    /// Bytes of addresses for one copy: a portion, and the keys of the longest page.
    static let rememberedPageBytes =
        HTTP2.Limits.portionBytes + 8 * selectedRecords + pageBytes

    /// Bytes of a page of memory, in which copies are counted.
    static let pageBytes = 4_096

    /// Copies that are looked at, for one that was not used of late, when another one wants room.
    static let evictionLooks = 8

    /// Bytes of a target whose page is remembered: path, filters and a cursor.
    static var rememberedTargetBytes: Int { MemoryLayout<RememberedTarget>.size }
    /// Those bytes in words: 240.
    typealias RememberedTarget = InlineArray<30, UInt64>

    /// Authorization values that a loop remembers, a power of two: 64; a sidecar has a handful of
    /// clients, each with a key.
    static let rememberedKeys = 64

    /// Connections of the metrics port at once: 16, of a few scrapers and probes. Others wait.
    static let plainConnections = 16

    /// Bytes of a request there: 8 KiB. Prometheus sends 400.
    static let plainHeadBytes = 8_192

    /// Milliseconds from the beginning of a connection there to its end: 5 000, half of what Prometheus
    /// waits for a scrape.
    static let plainMilliseconds: Int64 = 5_000

    /// Milliseconds until that port is accepted from again when it could not be.
    static let plainPauseMilliseconds: Int32 = 100

    /// Keys whose requests each loop counts apart: 1 024, in 16 KiB. Those of further keys are counted
    /// together.
    static let countedKeys = 1_024

    /// Milliseconds between two looks at which keys were used: a minute. A day is all that is noted.
    static let keyUseInterval: Int64 = 60_000

    /// Bytes of the longest of them; `Bearer ` and a key have less than half of it.
    static var rememberedKeyBytes: Int { MemoryLayout<RememberedKey>.size }
    /// Those bytes in words: 128.
    typealias RememberedKey = InlineArray<16, UInt64>

    /// Characters of base64 that are decoded at once.
    static let decodedCharacters = 4_096

    /// Microseconds that an answer takes at least to be among the slowest: 1 000, fifty times a page of 50
    /// orders. Where all are faster, nothing is looked at.
    static let slowMicroseconds: Int64 = 1_000

    /// The slowest answers that are kept of a loop and a minute: 10, a screen.
    static let slowestRequests = 10

    /// Milliseconds that requests of administrators get at shutdown: they wait for nobody.
    static let adminDrainMilliseconds: Int64 = 500

    /// Milliseconds between two words on how far a stage of a start is: 1 s.
    static let startTellMilliseconds: Int64 = 1_000
}
