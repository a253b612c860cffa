import RelayStore

/// Every number that bounds the records, with its unit and the reason for it.
public enum Limits {
    /// Fields of one order, and as many contact persons. They live in the order's document, which
    /// each addition writes anew; nobody reads more of them than this.
    static let partsPerOrder = 1_000

    /// Bytes of comments that an order's document has itself, and of one of its segments that has more
    /// than one: 64 KiB. A comment writes that much anew at most; far above usual orders, and few
    /// enough pieces of the longest.
    static let segmentBytes = 64 << 10

    /// Bytes of comments below which they get no segment of their own between others: 16 KiB, so that
    /// deletions leave no crumbs.
    static let leastSegmentBytes = 16 << 10

    /// Bytes of a dump that are handed on at once: 1 MiB, few enough calls and little memory.
    static let dumpBufferBytes = 1 << 20

    /// Bytes of a line of a dump, 17 MiB: the largest document with what the line says of it, and twice the bytes
    /// that the store keeps beside a document, of which only energy data has more than a few.
    static let dumpLineBytes = RelayStore.Limits.documentBytes + (1 << 20)

    /// Records that a dump names which cannot be loaded from it; more of them say nothing new.
    static let dumpFaults = 100

    /// Records that one request looks at in vain or not, where a selection cannot say in advance
    /// which belong to it: 20 000 take some milliseconds. A page that ends with them is short, and
    /// its cursor goes on behind them.
    static let scanBudget = 20_000

    /// Classes of length that room is made for: of the 39 there can be few have appointments.
    static let appointmentClasses = 16

    /// Records of the most selective predicate up to which they are sorted, so that a page of several
    /// predicates or in another order is counted exactly: 4 096 take a millisecond or two.
    static let sortedRecords = 4_096

    /// Keys of all lists of a filter together up to which they are compared to count what is on every
    /// one: 131 072 take about a millisecond.
    static let comparedKeys: UInt64 = 131_072

    /// Ids of several lists that are sorted at once where they are read as one list: 64, which most pages end
    /// within, doubled up to 4 096, which take half a millisecond.
    static let mergedKeys: ClosedRange<UInt64> = 64...4_096

    /// Records that a page has room for from the start: the contract's largest `limit`.
    public static let selectedRecords = 1_000

    /// Bytes of lines that one change may load, 64 MiB: four of the largest documents.
    static let loadBytes = 64 << 20

    /// Bytes of a file that can be loaded: the 100 000 000 of the contract, which no store has more of.
    public static let fileBytes = 100_000_000

    /// zstd's level for the change record of a load: the writer makes it, so it has to be quick.
    static let loadLevel: Int32 = 1

    /// Faults that are named of one line of a dump.
    static let faultsPerLine = 3

    /// Texts whose numbers a bulk load remembers: far more than there are types of order.
    static let rememberedTerms = 1_000

    /// Links that are gathered before they are entered when a store is moved to a newer format: 65 536
    /// have some megabytes and go into their lists leaf by leaf.
    static let gatheredLinks = 65_536

    /// Keys of a record on lists up to which they are compared one with another: 8 cost less than a set.
    static let comparedEntries = 8

    /// Findings that a check of the records lists; more of them say nothing new.
    static let checkFindings = 100

    /// Records of a kind that a refusal names which stand in the way of a deletion: 5, enough to
    /// know where to begin.
    static let namedReferrers = 5

    /// Milliseconds for which calendars show that an appointment is cancelled: 30 days, in which each
    /// of them has asked again.
    static let cancellationMilliseconds: Int64 = 30 * 24 * 60 * 60 * 1_000

    /// Cancellations that a deletion removes when their time is over: 4, so that they get fewer for
    /// as long as there are any.
    static let cancellationsRemoved = 4

    /// Characters of such a record's name: 60, of titles that may have hundreds.
    static let referrerNameCharacters = 60
}
