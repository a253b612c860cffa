import CLMDB

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
    /// until `clearDeadReaders`.
    public func readerSlots() throws(LMDBError) -> [ReaderSlot] {
        var listing = ReaderListing()
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
        return listing.slots.map { slot in
            ReaderSlot(
                process: slot.process, thread: slot.thread, transactionID: slot.transactionID,
                isDead: !(lock?.isAlive(slot.process) ?? true))
        }
    }
}

/// Reads what `mdb_reader_list` prints: a heading, then a line each: pid, thread in hexadecimal, and
/// the transaction's number or a dash. There is no other way to ask.
private struct ReaderListing {
    var slots: [(process: Int32, thread: UInt, transactionID: UInt64?)] = []

    mutating func add(_ line: UnsafePointer<CChar>) {
        let words = String(cString: line).split { $0 == " " || $0 == "\n" }
        guard words.count == 3, let process = Int32(words[0]),
            let thread = UInt(words[1], radix: 16)
        else { return }
        slots.append((process, thread, UInt64(words[2])))
    }
}
