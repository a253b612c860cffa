/// Every number that bounds the records, with its unit and the reason for it.
enum Limits {
    /// Fields of one order, and as many contact persons. They live in the order's document, which
    /// each addition writes anew; nobody reads more of them than this.
    static let partsPerOrder = 1_000

    /// Bytes of a dump that are handed on at once: 1 MiB, few enough calls and little memory.
    static let dumpBufferBytes = 1 << 20

    /// Records that a page has room for from the start: the longest one of the contract.
    static let selectedRecords = 1_000

    /// Bytes of lines that one change may load, 64 MiB: four of the largest documents.
    static let loadBytes = 64 << 20

    /// zstd's level for the change record of a load: the writer makes it, so it has to be quick.
    static let loadLevel: Int32 = 1

    /// Faults that are named of one line of a dump.
    static let faultsPerLine = 3

    /// Findings that a check of the records lists; more of them say nothing new.
    static let checkFindings = 100

    /// Records of a kind that a refusal names which stand in the way of a deletion: 5, enough to
    /// know where to begin.
    static let namedReferrers = 5

    /// Characters of such a record's name: 60, of titles that may have hundreds.
    static let referrerNameCharacters = 60
}
