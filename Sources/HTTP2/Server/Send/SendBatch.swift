import Glibc

/// What one send gathers: small things copied into an arena, large ones as pieces of the map.
///
/// One per loop, filled and sent within a connection's turn, so that nothing in it has to
/// outlive the read transaction that its pieces point into.
struct SendBatch {
    // SAFETY: both live as long as the loop, which frees them in `deallocate`.
    private let arena = UnsafeMutableRawPointer.allocate(
        byteCount: Limits.sendArenaBytes, alignment: 64)
    private let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: Limits.sendPieces)
    private var used = 0
    private(set) var count = 0
    /// Bytes gathered and not yet taken by the kernel.
    private(set) var pending = 0
    /// Those of them that may be lent, see `Lender`.
    private(set) var lendable = 0
    /// Where the application has memory that may be lent.
    private let lentStart: UInt
    private let lentCount: UInt

    /// - Parameter memory: where pieces may be lent from.
    init(lending memory: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)) {
        lentStart = UInt(bitPattern: memory.baseAddress)
        lentCount = UInt(memory.count)
    }

    /// Whether a DATA frame of `pieces` pieces and `copied` bytes still fits.
    @inline(__always)
    func hasRoom(pieces: Int, copied: Int) -> Bool {
        count + pieces + 4 <= Limits.sendPieces && used + copied + 64 <= Limits.sendArenaBytes
    }

    /// Whether a DATA frame of `length` bytes of a stream's body still fits.
    @inline(__always)
    func hasRoom(forData length: Int, of stream: Stream) -> Bool {
        // Pieces that are copied lie between pieces that are not: two for each that is not.
        let pieces = min(
            2 * (stream.body.pieceCount + 1), 2 * (length / Limits.copiedBodyBytes) + 4)
        return hasRoom(pieces: pieces, copied: length + FrameHead.bytes)
    }

    /// Whether another frame that is not DATA fits.
    @inline(__always)
    var isOpen: Bool {
        pending < Limits.sendBatchBytes && hasRoom(pieces: 8, copied: Limits.frameRoomBytes)
    }

    /// Copies bytes into the arena.
    @inline(__always)
    mutating func copy(_ bytes: UnsafeRawPointer, _ length: Int) {
        memcpy(space(length), bytes, length)
        add(length)
    }

    /// Room in the arena for `length` bytes; `add` those that were written.
    @inline(__always)
    func space(_ length: Int) -> UnsafeMutableRawPointer {
        precondition(hasRoom(pieces: 0, copied: length), "a send batch has no room")
        return arena + used
    }

    /// Adds bytes that were written to `space`, extending the last piece when it ends there.
    @inline(__always)
    mutating func add(_ length: Int) {
        let destination = arena + used
        used += length
        pending += length
        if count > 0 {
            let last = vectors[count - 1]
            if last.iov_base + last.iov_len == destination {
                vectors[count - 1].iov_len += length
                return
            }
        }
        vectors[count] = iovec(iov_base: destination, iov_len: length)
        count += 1
    }

    /// Adds bytes where they lie. They must stay valid until the batch was sent or drained.
    @inline(__always)
    mutating func refer(_ bytes: UnsafeRawPointer, _ length: Int) {
        if length <= Limits.copiedBodyBytes, used + length + 64 <= Limits.sendArenaBytes {
            return copy(bytes, length)
        }
        precondition(count < Limits.sendPieces, "a send batch has no room")
        // SAFETY: sendmsg only reads; the caller keeps the bytes until the batch is empty.
        vectors[count] = iovec(
            iov_base: UnsafeMutableRawPointer(mutating: bytes), iov_len: length)
        if isLendable(vectors[count]) { lendable += length }
        count += 1
        pending += length
    }

    /// Whether a piece lies in memory that may be lent.
    @inline(__always)
    func isLendable(_ piece: iovec) -> Bool {
        UInt(bitPattern: piece.iov_base) &- lentStart < lentCount
    }

    /// A piece, from the first that was gathered.
    func piece(_ index: Int) -> iovec { vectors[index] }

    /// Sends the batch with one system call.
    ///
    /// - Returns: bytes sent, or -1 with `errno` set as by `sendmsg`.
    func send(to socket: Int32) -> Int { send(0..<count, to: socket) }

    /// Sends some of its pieces.
    func send(_ range: Range<Int>, to socket: Int32) -> Int {
        var message = msghdr()
        message.msg_iov = vectors + range.lowerBound
        message.msg_iovlen = range.count
        return sendmsg(socket, &message, Int32(MSG_NOSIGNAL))
    }

    /// Copies what the kernel did not take, after `sent` bytes, to memory of its own.
    ///
    /// - Returns: a `malloc`ed buffer and its length.
    func remainder(after sent: Int) -> (UnsafeMutableRawPointer, Int) {
        let length = pending - sent
        // SAFETY: owned by the connection, which frees it once sent.
        let copy = malloc(length)!
        var skip = sent
        var written = 0
        for index in 0..<count {
            let vector = vectors[index]
            if skip >= vector.iov_len {
                skip -= vector.iov_len
                continue
            }
            let rest = vector.iov_len - skip
            memcpy(copy + written, vector.iov_base + skip, rest)
            written += rest
            skip = 0
        }
        return (copy, length)
    }

    /// Empties the batch.
    mutating func reset() {
        used = 0
        count = 0
        pending = 0
        lendable = 0
    }

    /// Returns the memory; the batch may not be used afterwards.
    func deallocate() {
        arena.deallocate()
        vectors.deallocate()
    }
}

// MARK: - Lending

extension SendBatch {
    /// Pieces that are sent together, one way or the other.
    struct Segment {
        var range: Range<Int>
        var isLent = false
        var byteCount = 0
        /// Bytes that have to be copied to be lent: what lies between lendable pieces.
        var copiedBytes = 0
    }

    /// The segment that begins with a piece: pieces that are worth lending, with the small ones of the
    /// arena between them, or everything up to the next such segment.
    func segment(from first: Int) -> Segment {
        var copied = Segment(range: first..<first)
        var lent = Segment(range: first..<first, isLent: true)
        for index in first..<count {
            let piece = piece(index)
            let isLendable = isLendable(piece)
            let isSmall = piece.iov_base >= arena && piece.iov_base < arena + used
            if isLendable || (isSmall && lent.copiedBytes + piece.iov_len <= Limits.lentCopyBytes) {
                lent.range = lent.range.lowerBound..<index + 1
                lent.byteCount += piece.iov_len
                if !isLendable { lent.copiedBytes += piece.iov_len }
                continue
            }
            if lent.isWorthIt { break }
            // Neither what stands before this piece nor the piece itself.
            copied.byteCount += lent.byteCount + piece.iov_len
            copied.range = first..<index + 1
            lent = Segment(range: index + 1..<index + 1, isLent: true)
        }
        if !lent.isWorthIt {
            copied.byteCount += lent.byteCount
            copied.range = first..<count
            return copied
        }
        return copied.range.isEmpty ? lent : copied
    }
}

extension SendBatch.Segment {
    /// Whether two system calls cost less than the copy that they save.
    fileprivate var isWorthIt: Bool { byteCount - copiedBytes >= Limits.lentBytes }
}
