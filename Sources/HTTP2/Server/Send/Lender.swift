import CLinux
import Glibc

/// Sends by lending: the socket gets references to memory instead of a copy of it.
///
/// One per loop. Pieces go into a pipe (vmsplice) and from there into the socket (splice), which holds
/// and charges them like bytes of its own: a connection can have lent what its send buffer takes. Only
/// `WriteOnceMemory` is lent, the application's and one of the loop's own for what lies between:
/// frame headers and field sections.
///
/// Where the kernel refuses (a filter of system calls, an old kernel), everything is copied as ever.
struct Lender {
    private enum Way {
        case unmade, open, refused
    }

    private var way = Way.unmade
    private var reading: Int32 = -1
    private var writing: Int32 = -1
    /// Small things between lent pieces: written once, behind one another.
    private var headers: WriteOnceMemory?
    private var free = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    // SAFETY: freed in `deallocate`.
    private let pieces = UnsafeMutablePointer<iovec>.allocate(capacity: Limits.sendPieces)
    /// Bytes that were lent.
    private(set) var lentBytes: UInt64 = 0

    /// Whether the kernel has refused, so that everything is copied.
    var isRefused: Bool { way == .refused }

    /// Sends a batch, lending where there is enough to be lent.
    ///
    /// - Returns: as `SendBatch.send`; in the pipe nothing is left.
    mutating func send(_ batch: SendBatch, to socket: Int32) -> Int {
        var total = 0
        var next = 0
        while next < batch.count {
            let segment = batch.segment(from: next)
            let sent =
                segment.isLent && isReady
                ? lend(batch, segment, to: socket) : batch.send(segment.range, to: socket)
            // What went before has gone: the next attempt will meet the same error.
            if sent < 0 { return total > 0 ? total : sent }
            total += sent
            if sent < segment.byteCount { return total }
            next = segment.range.upperBound
        }
        return total
    }

    /// Whether there is a pipe, which is made when it is first needed.
    private var isReady: Bool {
        mutating get {
            if way == .unmade { open() }
            return way == .open
        }
    }

    private mutating func open() {
        way = .refused
        // splice has no MSG_NOSIGNAL; this thread needs no word of a peer that has gone.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        headers = WriteOnceMemory(windows: 1, windowBytes: Limits.lentHeaderBytes)
        guard headers != nil else { return }
        var ends: (Int32, Int32) = (-1, -1)
        // SAFETY: two numbers side by side, written before this returns.
        let made = withUnsafeMutableBytes(of: &ends) {
            relay_lending_pipe(
                $0.baseAddress!.assumingMemoryBound(to: Int32.self), Limits.lentPages)
        }
        guard made == 0 else { return }
        (reading, writing) = ends
        way = .open
    }

    private mutating func close() {
        if reading >= 0 { Glibc.close(reading) }
        if writing >= 0 { Glibc.close(writing) }
        (reading, writing) = (-1, -1)
    }

    /// Lends one segment.
    private mutating func lend(
        _ batch: SendBatch, _ segment: SendBatch.Segment, to socket: Int32
    ) -> Int {
        guard prepare(batch, segment) else { return batch.send(segment.range, to: socket) }
        let count = segment.range.count
        var first = 0
        var total = 0
        while first < count {
            let taken = relay_lend(writing, pieces + first, UInt(count - first))
            if taken <= 0 {
                if taken < 0, errno == EINTR { continue }
                return total > 0 ? total : copyInstead(batch, segment, to: socket)
            }
            var left = taken
            while left > 0 {
                let sent = relay_pass(reading, socket, UInt(left))
                if sent < 0, errno == EINTR { continue }
                if sent <= 0 {
                    let error = errno
                    empty(left)
                    // A full socket, or a peer that has gone, is what `sendmsg` would meet as well.
                    if total > 0 || [EAGAIN, EPIPE, ECONNRESET, ENOTCONN].contains(error) {
                        errno = error
                        return total > 0 ? total : -1
                    }
                    return copyInstead(batch, segment, to: socket)
                }
                left -= sent
                total += sent
                lentBytes &+= UInt64(sent)
            }
            first = skip(taken, from: first)
        }
        return total
    }

    /// The kernel does not lend: now and from now on, everything is copied.
    private mutating func copyInstead(
        _ batch: SendBatch, _ segment: SendBatch.Segment, to socket: Int32
    ) -> Int {
        // Out of memory is no refusal.
        if errno != ENOMEM {
            way = .refused
            close()
        }
        return batch.send(segment.range, to: socket)
    }

    /// Lists a segment's pieces, with copies of what may not be lent itself.
    private mutating func prepare(_ batch: SendBatch, _ segment: SendBatch.Segment) -> Bool {
        if segment.copiedBytes > free.count {
            guard let memory = headers?.renew(0) else { return false }
            // SAFETY: as long as the lender; what was written there before is with its readers.
            free = UnsafeMutableRawBufferPointer(start: memory, count: Limits.lentHeaderBytes)
        }
        for (index, number) in segment.range.enumerated() {
            var piece = batch.piece(number)
            if !batch.isLendable(piece) {
                let copy = free.baseAddress!
                memcpy(copy, piece.iov_base, piece.iov_len)
                piece.iov_base = copy
                free = UnsafeMutableRawBufferPointer(rebasing: free[piece.iov_len...])
            }
            pieces[index] = piece
        }
        return true
    }

    /// Passes over `bytes` bytes of the pieces from one on; returns the first that has some left.
    private func skip(_ bytes: Int, from first: Int) -> Int {
        var (index, left) = (first, bytes)
        while left > 0 {
            let length = pieces[index].iov_len
            if left < length {
                pieces[index].iov_base += left
                pieces[index].iov_len -= left
                break
            }
            left -= length
            index += 1
        }
        return index
    }

    /// Takes what the socket did not take out of the pipe, so that nobody else's connection gets it.
    private func empty(_ bytes: Int) {
        var left = bytes
        // SAFETY: what is read goes nowhere.
        withUnsafeTemporaryAllocation(byteCount: Limits.frameBytes, alignment: 64) { buffer in
            while left > 0 {
                let taken = read(reading, buffer.baseAddress, min(left, buffer.count))
                if taken < 0, errno == EINTR { continue }
                precondition(taken > 0, "a pipe gives what was put into it")
                left -= taken
            }
        }
    }

    /// Returns descriptors and memory; the lender may not be used afterwards.
    mutating func deallocate() {
        close()
        headers?.deallocate()
        pieces.deallocate()
    }
}
