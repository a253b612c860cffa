import CLMDB
import Glibc

/// A slot of the lock file's reader table that some process holds.
public struct ReaderSlot: Equatable, Sendable {
    /// The process that took it, by its number where that process runs.
    public let process: Int32
    /// The thread that began the reader, as the C library numbers threads.
    public let thread: UInt
    /// The commit that it reads; nil while it rests.
    public let transactionID: UInt64?
    /// Whether that process has died and left it: `clearDeadReaders` frees it.
    public let isDead: Bool
}

extension Environment {
    /// The reader slots that are taken, over all processes. Those of dead processes are among them
    /// until `clearDeadReaders`. Allocates the array and nothing else: relayd asks every second.
    public func readerSlots() throws(LMDBError) -> [ReaderSlot] {
        var listing = ReaderListing(lock: lock)
        // SAFETY: mdb_reader_list calls back during the call only.
        let code = withUnsafeMutablePointer(to: &listing) { listing in
            mdb_reader_list(
                pointer,
                { line, context in
                    context!.assumingMemoryBound(to: ReaderListing.self).pointee.add(line!)
                    return 0
                }, listing)
        }
        if code < 0 { throw LMDBError(code: code) }
        return listing.slots
    }
}

/// Reads what `mdb_reader_list` prints: a heading, then a line each: pid, thread in hexadecimal, and
/// the transaction's number or a dash. There is no other way to ask.
private struct ReaderListing {
    private let lock: LockTable?
    private(set) var slots: [ReaderSlot] = []

    init(lock: LockTable?) {
        self.lock = lock
        slots.reserveCapacity(16)
    }

    mutating func add(_ line: UnsafePointer<CChar>) {
        // SAFETY: the line ends with a zero byte, at which strtol and strtoull stop.
        var end: UnsafeMutablePointer<CChar>?
        let process = Int32(truncatingIfNeeded: strtol(line, &end, 10))
        guard process > 0, let afterProcess = end else { return }
        let thread = UInt(strtoull(afterProcess, &end, 16))
        guard let afterThread = end, afterThread > afterProcess else { return }
        let transactionID = strtoull(afterThread, &end, 10)
        slots.append(
            ReaderSlot(
                process: process, thread: thread,
                transactionID: end! > afterThread ? transactionID : nil,
                isDead: !(lock?.isAlive(process) ?? true)))
    }
}
