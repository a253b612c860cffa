import Glibc
import LMDB
import Metrics
import Synchronization
import System

/// The log that a store is written through: a group of commands is appended before it is applied, and synced
/// before it is committed; the commit itself does not wait for the disk.
///
/// `begin`, `commit`, `takeBack` and `waitForRoom` belong to the writer's thread.
final class CommandLog: @unchecked Sendable {
    // SAFETY: `position`, `next` and `buffer` belong to the writer's thread, once there is one; the buffer is
    // allocated in init and deallocated in deinit.
    private var position: LogPosition
    /// Behind the group that was begun.
    private var next: LogPosition?
    /// A record's head, and a block of its payload.
    private let buffer: UnsafeMutableRawBufferPointer
    private let segments: LogSegments
    private let checkpointer: Checkpointer
    private let path: String
    /// Bytes that were appended so far.
    let appendedBytes = Atomic<UInt64>(0)
    /// Microseconds that the disk took to keep a group.
    let syncTime = Histogram(.microseconds)

    static func directory(of store: String) -> String { store + "/log" }

    /// Begins to write to a store's log; makes one if there is none. The store must have been opened with
    /// a recovery, and nobody else may write to it.
    init(_ core: StoreCore, _ health: StoreHealth, segmentBytes: Int) throws(StoreError) {
        let directory = Self.directory(of: core.environment.directory)
        path = directory
        let control = try Self.openControl(directory, of: core.environment.directory)
        let old = try control.read()
        if old?.checkpoint != nil {
            throw .log(.unrecovered(directory: core.environment.directory))
        }
        let position = LogPosition(beginning: .random)
        let segments = try lifting { () throws(FileError) in
            let segments = try LogSegments(
                in: directory, of: position.identity, segmentBytes: segmentBytes)
            try segments.makeSpares(Limits.logLeastSegments)
            try segments.begin()
            return segments
        }
        // From here on nobody else writes; until the first checkpoint, the store is whole without the log,
        // and the slot says so of this one: a store that names another log lost its own.
        let detached = LogControl.State(after: old?.number ?? 0, segments)
        try lifting { () throws(FileError) in try control.write(detached) }
        var transaction = try StoreTransaction(core)
        try transaction.keep(position)
        try transaction.commit()
        try core.setLogged(true)
        do throws(StoreError) {
            checkpointer = try Checkpointer(
                core, control, segments, health, after: detached.number)
        } catch {
            // It is whole without the log, and stays so. What cannot be said now, a recovery finds out.
            try? core.setLogged(false)
            try? core.markDetached()
            throw error
        }
        self.position = position
        self.segments = segments
        buffer = .allocate(byteCount: LogRecord.headBytes + LogRecord.blockBytes, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// Removes the log of a store that is whole without it, if it has one.
    ///
    /// - Returns: bytes of its files.
    static func remove(of core: StoreCore) throws(StoreError) -> Int {
        let directory = core.environment.directory
        guard let found = try FoundLog(of: directory, isReading: false) else { return 0 }
        guard found.isHeld else { throw .log(found.control.inUse) }
        if found.checkpoint != nil { throw .log(.unrecovered(directory: directory)) }
        let bytes = try found.segments(in: directory)?.fileBytes ?? 0
        try core.forgetLog()
        try found.remove(in: directory)
        return bytes
    }

    private static func openControl(
        _ directory: String, of store: String
    ) throws(StoreError) -> LogControl {
        let control = try lifting { () throws(FileError) -> LogControl in
            if mkdir(directory, 0o700) == 0 {
                try DiskFile.syncDirectory(store)
            } else if errno != EEXIST {
                throw FileError("make", path: directory, errno: errno)
            }
            if let control = try LogControl(openingIn: directory) { return control }
            return try LogControl(creatingIn: directory)
        }
        try control.acquire()
        return control
    }

    /// Ends the log: the store is whole without it, unless it cannot be written to any more.
    func close() { checkpointer.stop() }

    /// What it is doing.
    var figures: LogFigures {
        LogFigures(
            appendedBytes: appendedBytes.load(ordering: .relaxed), fileBytes: segments.fileBytes,
            syncTime: syncTime.values, checkpoints: checkpointer.progress)
    }

    // MARK: - Groups

    /// Waits while the disk is so far behind that the log, or the store's file, would grow too much.
    func waitForRoom() { checkpointer.waitForRoom() }

    /// Has pages that were freed until now be used again.
    func waitForCheckpoint() { checkpointer.waitForCheckpoint() }

    /// Writes a group to the log, and has the disk begin with that while the group is applied. It is kept
    /// when it is committed, and taken back or written over when it is not.
    func begin(_ group: ArraySlice<QueuedCommand>) throws(StoreError) {
        next = try append(group)
        segments.beginWritingOut()
    }

    /// Waits until the group that was begun is on the disk, and commits the transaction that has applied it.
    /// A group that has changed nothing is not kept: the next one takes its place.
    func commit(_ transaction: consuming StoreTransaction) throws(StoreError) {
        var transaction = transaction
        guard try transaction.prepare() else { return }
        guard let next else { preconditionFailure("a group is committed before it is begun") }
        try transaction.keep(next)
        let start = SystemClock.monotonic.microseconds
        try lifting { () throws(FileError) in try segments.sync() }
        syncTime.record(SystemClock.monotonic.microseconds - start)
        try transaction.publish()
        appendedBytes.add(next.offset - position.offset, ordering: .relaxed)
        position = next
        checkpointer.committed(upTo: next.offset)
    }

    /// Writes a record, which is not on the disk yet.
    ///
    /// - Returns: the position behind it.
    private func append(_ group: ArraySlice<QueuedCommand>) throws(StoreError) -> LogPosition {
        var record = PayloadWriter(buffer, segments, at: position.offset)
        do throws(FileError) {
            for queued in group {
                var failure: FileError?
                queued.command.withEncoding { encoding in
                    do throws(FileError) {
                        try record.add(queued.time, encoding)
                    } catch {
                        failure = error
                    }
                }
                if let failure { throw failure }
            }
            return try record.end(behind: position, commands: group.count)
        } catch {
            // A record that was not written to its end is none: its sum is wrong. So it need not be taken
            // back for good, and on a disk that refuses everything nothing more is lost than the write.
            let error = StoreError(error)
            _ = try? takeBack(because: error)
            throw error
        }
    }

    /// Takes back the record of a group that cannot be committed, before anybody is told so: a log ends where
    /// there is no head.
    func takeBack(because error: StoreError) throws(StoreError) {
        let zeros = InlineArray<8, UInt64>(repeating: 0)
        do throws(FileError) {
            try zeros.span.bytes.lent { bytes throws(FileError) in
                try segments.write(bytes, at: position.offset)
            }
            try segments.sync()
        } catch let fault {
            throw .log(.notTakenBack(path: path, why: "\(error); \(fault)"))
        }
    }
}

// SAFETY (all pointers of this type): the buffer is its log's, which outlives the record; sources are lent
// for the call.

/// Writes the payload of a record, block by block, and its head at the end.
private struct PayloadWriter: ~Copyable {
    private let buffer: UnsafeMutableRawBufferPointer
    private let segments: LogSegments
    private let start: UInt64
    /// Bytes of the present block.
    private var filled = 0
    /// Bytes of the blocks before it.
    private var written = 0
    private var sum: UInt64 = 0

    init(_ buffer: UnsafeMutableRawBufferPointer, _ segments: LogSegments, at start: UInt64) {
        (self.buffer, self.segments, self.start) = (buffer, segments, start)
    }

    mutating func add(
        _ time: CommandTime, _ encoding: UnsafeRawBufferPointer
    ) throws(FileError) {
        let head: InlineArray<3, UInt64> = [
            UInt64(bitPattern: time.clock), UInt64(bitPattern: time.lived),
            UInt64(encoding.count),
        ]
        var failure: FileError?
        head.span.bytes.lent { bytes in
            do throws(FileError) { try add(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        try add(encoding)
    }

    private mutating func add(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes
        while !rest.isEmpty {
            if filled == LogRecord.blockBytes { try flush() }
            let count = min(rest.count, LogRecord.blockBytes - filled)
            buffer.baseAddress!.advanced(by: LogRecord.headBytes + filled)
                .copyMemory(from: rest.baseAddress!, byteCount: count)
            filled += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// The present block.
    private var block: UnsafeRawBufferPointer {
        let first = LogRecord.headBytes
        return UnsafeRawBufferPointer(rebasing: buffer[first..<first + filled])
    }

    private mutating func flush() throws(FileError) {
        sum = LogRecord.sum(block, after: sum)
        try segments.write(block, at: start + UInt64(LogRecord.headBytes + written))
        written += filled
        filled = 0
    }

    consuming func end(
        behind position: LogPosition, commands: Int
    ) throws(FileError) -> LogPosition {
        if filled > 0 { sum = LogRecord.sum(block, after: sum) }
        let record = LogRecord(
            after: position, payloadBytes: written + filled, commands: commands,
            payloadSum: sum)
        let head = record.head(of: position.identity)
        head.span.bytes.lent { buffer.copyMemory(from: $0) }
        let first = LogRecord.headBytes
        if written == 0 {
            try segments.write(
                UnsafeRawBufferPointer(rebasing: buffer[..<(first + filled)]), at: start)
        } else {
            if filled > 0 { try segments.write(block, at: start + UInt64(first + written)) }
            try segments.write(UnsafeRawBufferPointer(rebasing: buffer[..<first]), at: start)
        }
        return record.end(after: position)
    }
}
