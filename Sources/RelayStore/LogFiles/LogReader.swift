import System

/// Reads a log from a position on.
struct LogReader: ~Copyable {
    private let segments: LogSegments
    private let path: String
    /// Behind what was read last.
    private(set) var position: LogPosition
    private var payload: [UInt8] = []
    /// Whether the log ends with the head of a group whose commands are not whole.
    private(set) var endsTorn = false

    /// A command of a group.
    struct Entry {
        let time: CommandTime
        let encoding: [UInt8]
    }

    /// Reads behind a position; throws when a file of the log is missing or damaged.
    init(_ segments: LogSegments, behind position: LogPosition) throws(StoreError) {
        let missing = try lifting { () throws(FileError) in
            try segments.missing(from: position.offset)
        }
        if let missing { throw .log(.incomplete(path: missing)) }
        self.segments = segments
        path = segments.directory
        self.position = position
    }

    /// The commands of the next group; nil at the end of the log.
    mutating func next() throws(StoreError) -> [Entry]? {
        guard let record = try head(at: position.offset), record.follows(position) else {
            try requireEnd()
            return nil
        }
        guard try readPayload(record) else {
            try requireEnd()
            endsTorn = true
            return nil
        }
        let entries = try entries(record)
        position = record.end(after: position)
        return entries
    }

    /// Bytes of the log that may be ahead.
    var mostBytesAhead: UInt64 { segments.end - min(segments.end, position.offset) }

    private func head(at offset: UInt64) throws(StoreError) -> LogRecord? {
        var words = InlineArray<8, UInt64>(repeating: 0)
        guard try read(&words, at: offset) else { return nil }
        return LogRecord(words.span.bytes, of: segments.identity)
    }

    private func read(
        _ words: inout InlineArray<8, UInt64>, at offset: UInt64
    ) throws(StoreError) -> Bool {
        var span = words.mutableSpan
        // SAFETY: filled inside the closure.
        let count = span.withUnsafeMutableBytes { room in
            Result { () throws(FileError) in try segments.read(into: room, at: offset) }
        }
        return try lifting { () throws(FileError) in try count.get() } == LogRecord.headBytes
    }

    /// Reads a record's payload; says whether it is what was written.
    private mutating func readPayload(_ record: LogRecord) throws(StoreError) -> Bool {
        let start = position.offset + UInt64(LogRecord.headBytes)
        guard start + UInt64(record.payloadBytes) <= segments.end else { return false }
        payload = [UInt8](repeating: 0, count: record.payloadBytes)
        let segments = segments
        // SAFETY: filled inside the closure.
        let count = payload.withUnsafeMutableBytes { room in
            Result { () throws(FileError) in try segments.read(into: room, at: start) }
        }
        guard try lifting({ () throws(FileError) in try count.get() }) == payload.count else {
            return false
        }
        var sum: UInt64 = 0
        let bytes = payload.span.bytes
        var offset = 0
        while offset < bytes.byteCount {
            let end = min(bytes.byteCount, offset + LogRecord.blockBytes)
            sum = bytes.extracting(offset..<end).lent { LogRecord.sum($0, after: sum) }
            offset = end
        }
        return sum == record.payloadSum
    }

    private func entries(_ record: LogRecord) throws(StoreError) -> [Entry] {
        let bytes = payload.span.bytes
        var entries: [Entry] = []
        entries.reserveCapacity(record.commands)
        var offset = 0
        for _ in 0..<record.commands {
            let body = offset + LogRecord.commandHeadBytes
            guard body <= bytes.byteCount else { throw damage }
            let count = bytes.word(at: offset + 16)
            guard count <= UInt64(bytes.byteCount - body) else { throw damage }
            let time = CommandTime(
                clock: Int64(bitPattern: bytes.word(at: offset)),
                lived: Int64(bitPattern: bytes.word(at: offset + 8)))
            offset = body + Int(count)
            entries.append(Entry(time: time, encoding: Array(payload[body..<offset])))
        }
        guard offset == bytes.byteCount else { throw damage }
        return entries
    }

    private var damage: StoreError {
        .log(.damaged(path: path, sequence: position.sequence + 1))
    }

    /// A group that was not complete when the machine stopped is the last one: nobody was told that it is
    /// kept. If there is one behind it, it was complete once.
    private func requireEnd() throws(StoreError) {
        let step = LogRecord.headBytes
        // SAFETY: until the function returns.
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: LogRecord.blockBytes, alignment: 16)
        defer { buffer.deallocate() }
        var offset = position.offset
        while offset < segments.end {
            let count = try lifting { () throws(FileError) in
                try segments.read(into: buffer, at: offset)
            }
            // A segment that is not there.
            if count == 0 {
                offset = (offset / segments.dataBytes + 1) * segments.dataBytes
                continue
            }
            // SAFETY: allocated above, and `count` bytes of it were filled.
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            for start in stride(from: 0, through: count - step, by: step) {
                let head = UnsafeRawBufferPointer(rebasing: bytes[start..<start + step]).bytes
                if let record = LogRecord(head, of: segments.identity),
                    record.sequence > position.sequence
                        + (start == 0 && offset == position.offset ? 1 : 0)
                {
                    throw damage
                }
            }
            offset += UInt64(max(step, count / step * step))
        }
    }
}
