import CXXHash
import Glibc
import Synchronization
import System

/// The files of a log: a stream of bytes, cut into segments of one size. A segment is filled with zeros
/// and synced before it is used, so that what is written to it later changes no metadata of the file
/// system, and one sync waits for one write. One that is not needed any more is used again.
///
/// The writer appends; the thread of checkpoints releases, and makes room ahead.
final class LogSegments: Sendable {
    /// Bytes at the beginning of each file that say which segment it is: one page.
    static let headBytes = 4_096
    /// Where a file has the head of the segment behind it, once that one is in use.
    private static let nextOffset = 512
    private static let prefix = "segment-"
    private static let magic: UInt64 = 0x544E_454D_4745_5352

    private struct State {
        /// Segments by their number, from the oldest that is needed on.
        var active: [UInt64: DiskFile] = [:]
        var spare: [DiskFile] = []
        /// Number in the name of the newest file.
        var lastName = 0
        /// A file that something was written to, and that is not what it was.
        var damaged: String?
    }

    let directory: String
    let identity: LogIdentity
    let segmentBytes: Int
    private let state = Mutex(State())
    /// Segments that were written to since the last sync; the writer's.
    private let unsynced = Mutex<[UInt64]>([])

    /// Takes over the files that a directory has: those of this log as what they are, others of the same
    /// size as room, and removes the rest.
    init(
        in directory: String, of identity: LogIdentity, segmentBytes: Int, isReading: Bool = false
    ) throws(FileError) {
        (self.directory, self.identity) = (directory, identity)
        self.segmentBytes = segmentBytes
        for name in try Self.names(in: directory) {
            let path = directory + "/" + name
            let file = try DiskFile(path, isReading ? .reading : .writing)
            let isUsable = try file.size() == segmentBytes
            let head = try self.head(of: file)
            state.withLock { state in
                state.lastName = max(state.lastName, Int(name.dropFirst(Self.prefix.count)) ?? 0)
                if head.isDamaged || head.number != nil && !isUsable { state.damaged = path }
                if let number = head.number, isUsable {
                    state.active[number] = file
                } else if isUsable {
                    state.spare.append(file)
                } else if !isReading {
                    unlink(path)
                }
            }
        }
    }

    private static func names(in directory: String) throws(FileError) -> [String] {
        guard let stream = opendir(directory) else {
            throw FileError("open", path: directory, errno: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // SAFETY: the kernel ends the name with a zero.
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(prefix) { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes the files of a log that nobody needs.
    static func removeFiles(in directory: String) throws(FileError) {
        for name in try names(in: directory) { unlink(directory + "/" + name) }
    }

    /// Bytes of the stream in one segment.
    var dataBytes: UInt64 { UInt64(segmentBytes - Self.headBytes) }

    /// Bytes that the files take.
    var fileBytes: Int {
        state.withLock { ($0.active.count + $0.spare.count) * segmentBytes }
    }

    // MARK: Heads

    /// magic u64, identity u64 (2), number u64, XXH3 over that u64.
    private func head(_ number: UInt64) -> InlineArray<5, UInt64> {
        var head: InlineArray<5, UInt64> = [
            Self.magic, identity.high, identity.low, number, 0,
        ]
        head[4] = head.span.bytes.extracting(0..<32).lent { XXH3_64bits($0.baseAddress, $0.count) }
        return head
    }

    /// What a file's head says: which segment of this log it is; nothing when it is none yet, or one of
    /// another log; or that it is damaged. A head is a part of a sector, which is written whole or not.
    private func head(
        of file: DiskFile
    ) throws(FileError) -> (number: UInt64?, isDamaged: Bool) {
        let words = try words(of: file, at: 0)
        if (0..<5).allSatisfy({ words[$0] == 0 }) { return (nil, false) }
        let sum = words.span.bytes.extracting(0..<32).lent {
            XXH3_64bits($0.baseAddress, $0.count)
        }
        guard words[0] == Self.magic, words[4] == sum else { return (nil, true) }
        let isOwn = words[1] == identity.high && words[2] == identity.low
        return (isOwn ? words[3] : nil, false)
    }

    private func words(
        of file: DiskFile, at offset: Int
    ) throws(FileError) -> InlineArray<5, UInt64> {
        var words: InlineArray<5, UInt64> = [0, 0, 0, 0, 0]
        var span = words.mutableSpan
        // SAFETY: filled inside the closure.
        let count = span.withUnsafeMutableBytes { room in
            Result { () throws(FileError) in try file.read(into: room, at: offset) }
        }
        _ = try count.get()
        return words
    }

    // MARK: Writing

    /// Writes at an offset of the stream, not behind a gap.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) {
        var (rest, place) = (bytes, offset)
        while !rest.isEmpty {
            let (number, within) = place.quotientAndRemainder(dividingBy: dataBytes)
            let count = min(rest.count, Int(dataBytes - within))
            let file = try segment(number)
            // SAFETY: a part of what the caller lends for the call.
            try file.write(
                UnsafeRawBufferPointer(rebasing: rest[..<count]), at: Self.headBytes + Int(within))
            toBeSynced(number)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            place += UInt64(count)
        }
    }

    /// Notes that a segment was written to, once: a record that goes over into the next one is written to
    /// both, and then to the first again.
    private func toBeSynced(_ number: UInt64) {
        unsynced.withLock { if !$0.contains(number) { $0.append(number) } }
    }

    /// Has the kernel begin to write out what was written.
    func beginWritingOut() {
        for number in unsynced.withLock({ $0 }) {
            state.withLock { $0.active[number] }?.beginWritingOut()
        }
    }

    /// Waits until all that was written is on the disk.
    func sync() throws(FileError) {
        let numbers = unsynced.withLock { $0 }
        for number in numbers {
            if let file = state.withLock({ $0.active[number] }) { try file.syncData() }
        }
        unsynced.withLock { $0.removeAll(keepingCapacity: true) }
    }

    /// Takes the first segment into use: from then on, a log without the segment that a position lies in is
    /// not whole.
    func begin() throws(FileError) { _ = try segment(0) }

    /// A segment to write to; takes one that was made ahead.
    private func segment(_ number: UInt64) throws(FileError) -> DiskFile {
        if let file = state.withLock({ $0.active[number] }) { return file }
        if state.withLock({ $0.spare.isEmpty }) { try makeSpare() }
        let file = state.withLock { $0.spare.removeLast() }
        do throws(FileError) {
            let head = head(number)
            try head.span.bytes.lent { bytes throws(FileError) in try file.write(bytes, at: 0) }
            // On the disk before the one in front of it says that there is one more.
            try file.syncData()
            if number > 0, let before = state.withLock({ $0.active[number - 1] }) {
                try head.span.bytes.lent { bytes throws(FileError) in
                    try before.write(bytes, at: Self.nextOffset)
                }
                toBeSynced(number - 1)
            }
        } catch {
            state.withLock { $0.spare.append(file) }
            throw error
        }
        state.withLock { $0.active[number] = file }
        return file
    }

    // MARK: Room

    /// Whether the writer will find room for the next segment.
    var hasSpare: Bool { state.withLock { !$0.spare.isEmpty } }

    /// Makes room until there is so much of it.
    func makeSpares(_ count: Int) throws(FileError) {
        while state.withLock({ $0.spare.count }) < count { try makeSpare() }
    }

    /// Makes a file of zeros, with its blocks on the disk.
    func makeSpare() throws(FileError) {
        let name = state.withLock { state in
            state.lastName += 1
            return Self.prefix + String(state.lastName)
        }
        let file = try DiskFile(directory + "/" + name, .creating)
        do throws(FileError) {
            let zeros = [UInt8](repeating: 0, count: min(segmentBytes, Limits.logFillBytes))
            var offset = 0
            while offset < segmentBytes {
                let count = min(zeros.count, segmentBytes - offset)
                try zeros.span.bytes.extracting(0..<count).lent { bytes throws(FileError) in
                    try file.write(bytes, at: offset)
                }
                offset += count
            }
            try file.syncData()
            try DiskFile.syncDirectory(directory)
        } catch {
            unlink(file.path)
            throw error
        }
        state.withLock { $0.spare.append(file) }
    }

    /// Takes back all segments that end at an offset or before it. Some are kept as room.
    func release(before offset: UInt64) {
        let superfluous = state.withLock { state -> [DiskFile] in
            for number in state.active.keys where (number + 1) * dataBytes <= offset {
                if let file = state.active.removeValue(forKey: number) { state.spare.append(file) }
            }
            let count = max(0, state.spare.count - Limits.logSpareSegments)
            defer { state.spare.removeLast(count) }
            return Array(state.spare.suffix(count))
        }
        for file in superfluous { unlink(file.path) }
    }

    // MARK: Reading

    /// Reads from the stream until the buffer is full or there is no more; returns how much that was.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(FileError) -> Int {
        var done = 0
        while done < buffer.count {
            let (number, within) = (offset + UInt64(done)).quotientAndRemainder(
                dividingBy: dataBytes)
            guard let file = state.withLock({ $0.active[number] }) else { break }
            let count = min(buffer.count - done, Int(dataBytes - within))
            // SAFETY: a part of what the caller lends for the call.
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
            let read = try file.read(into: room, at: Self.headBytes + Int(within))
            done += read
            if read < count { break }
        }
        return done
    }

    /// The file or directory that lacks what was written; nil when all is there from a position on.
    func missing(from offset: UInt64) throws(FileError) -> String? {
        let (active, damaged) = state.withLock { ($0.active, $0.damaged) }
        if let damaged { return damaged }
        let (number, within) = offset.quotientAndRemainder(dividingBy: dataBytes)
        // At its very beginning, a segment need not be in use yet; the first one is.
        if within > 0 || number == 0, active[number] == nil { return directory }
        for (number, file) in active where number >= (max(1, offset) - 1) / dataBytes {
            let next = try words(of: file, at: Self.nextOffset)
            let wanted = head(number + 1)
            let isFollowed = (0..<5).allSatisfy { next[$0] == wanted[$0] }
            if isFollowed, active[number + 1] == nil { return directory }
        }
        return nil
    }

    /// Whether the names of all that is needed still lead to it.
    var areInPlace: Bool {
        state.withLock { $0.active.values.allSatisfy(\.isInPlace) }
    }

    /// Where the last segment that there is ends.
    var end: UInt64 {
        state.withLock { state in state.active.keys.max().map { ($0 + 1) * dataBytes } ?? 0 }
    }
}
