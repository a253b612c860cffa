import Glibc
import Options
import Zstd

/// Lines of a file, and the number of each.
struct LineBatch {
    /// Whole lines, each with its newline (the last line of a file may lack it).
    var bytes: [UInt8] = []
    /// The number of each line, from 1 on.
    var numbers: [Int] = []

    /// Adds one line.
    mutating func append(_ line: some Sequence<UInt8>, number: Int) {
        bytes.append(contentsOf: line)
        bytes.append(0x0A)
        numbers.append(number)
    }

    /// The lines, without their newlines.
    var lines: [ArraySlice<UInt8>] {
        bytes.split(
            separator: 0x0A, maxSplits: max(0, numbers.count - 1), omittingEmptySubsequences: false
        ).map { $0.last == 0x0A ? $0.dropLast() : $0 }
    }
}

/// Reads a file, or standard input, as batches of whole lines; zstd is known by its first bytes.
struct LineSource: ~Copyable {
    let path: String
    private let descriptor: Int32
    private var decompressor: Decompressor?
    /// Read and not handed out yet.
    private var pending: [UInt8] = []
    private var room = [UInt8](repeating: 0, count: Limits.readBytes)
    private var hasBegun = false
    private var isAtEnd = false
    private var nextNumber = 1
    /// Bytes of the file that were read.
    private(set) var position = 0
    /// Bytes of the file; nil for a pipe.
    let total: Int?
    /// Lines too long to be loaded, which were passed over.
    private(set) var tooLong: [Int] = []

    /// Opens a file; `-` is standard input.
    init(_ path: String) throws(CommandError) {
        self.path = path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", path: path, errno: errno) }
        var status = stat()
        let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        // Opening a directory succeeds, and reading it would fail when a store was made already.
        if kind == S_IFDIR {
            close(descriptor)
            throw .system(call: "load", path: path, errno: EISDIR)
        }
        let isFile = kind == S_IFREG
        total = isFile ? Int(status.st_size) : nil
        decompressor = nil
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// Throws when there is nothing but space: what was meant is elsewhere.
    mutating func requireContent() throws(CommandError) {
        while pending.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) {
            guard try fill() else { throw .emptyInput(path: path) }
        }
    }

    /// The next lines: as many as fit, or one that is longer; nil at the end.
    mutating func next(upTo bytes: Int) throws(CommandError) -> LineBatch? {
        while pending.count < bytes, try fill() {}
        var end = pending.count
        if !isAtEnd || end > bytes {
            let limit = min(bytes, end)
            if let newline = pending[..<limit].lastIndex(of: 0x0A) {
                end = newline + 1
            } else {
                try extend(&end)
            }
        }
        if end == 0 { return isAtEnd ? nil : try next(upTo: bytes) }
        var batch = LineBatch()
        batch.bytes = Array(pending[..<end])
        pending.removeFirst(end)
        var lines = 0
        for byte in batch.bytes where byte == 0x0A { lines += 1 }
        if batch.bytes.last != 0x0A { lines += 1 }
        batch.numbers = Array(nextNumber..<nextNumber + lines)
        nextNumber += lines
        return batch
    }

    /// Finds the end of a line that is longer than a batch; passes over one that nobody can load.
    private mutating func extend(_ end: inout Int) throws(CommandError) {
        var searched = 0
        var dropped = 0
        while true {
            if let newline = pending[searched...].firstIndex(of: 0x0A) {
                end = newline + 1
                break
            }
            searched = pending.count
            if searched > Limits.lineBytes {
                dropped += searched
                pending.removeAll(keepingCapacity: true)
                searched = 0
            }
            guard try fill() else {
                end = pending.count
                break
            }
        }
        guard dropped > 0 else { return }
        tooLong.append(nextNumber)
        nextNumber += 1
        pending.removeFirst(end)
        end = 0
    }

    /// Reads some more; false at the end.
    private mutating func fill() throws(CommandError) -> Bool {
        if isAtEnd { return false }
        let count = read(descriptor, &room, room.count)
        if count < 0 {
            if errno == EINTR { return !Interrupt.isPending }
            throw .system(call: "read", path: path, errno: errno)
        }
        position += count
        isAtEnd = count == 0
        do throws(ZstdError) {
            if !hasBegun {
                hasBegun = true
                // SAFETY: looked at during the call.
                let isCompressed = room.withUnsafeBytes {
                    Decompressor.isCompressed(UnsafeRawBufferPointer(rebasing: $0[..<count]))
                }
                if isCompressed { decompressor = try Decompressor() }
            }
            try take(count)
        } catch {
            throw .compression(error)
        }
        return !isAtEnd
    }

    private mutating func take(_ count: Int) throws(ZstdError) {
        guard var decompressor = decompressor.take() else {
            return pending.append(contentsOf: room[..<count])
        }
        if count == 0 { return try decompressor.finish() }
        // Moved out for the closures and back again; an error ends the source anyway.
        var pending = pending
        self.pending = []
        let room = room
        let piece = room.span.extracting(0..<count).bytes
        // SAFETY: the pieces are copied before the closures return.
        try piece.withUnsafeBytes { (bytes) throws(ZstdError) in
            try decompressor.read(bytes) { pending.append(contentsOf: $0) }
        }
        self.pending = pending
        self.decompressor = consume decompressor
    }
}
