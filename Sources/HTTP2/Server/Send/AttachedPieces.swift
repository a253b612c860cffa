import Glibc

/// Pieces of the store's map that answers of this turn consist of, and the streams that they belong
/// to. One per loop, empty between two connections' turns, so that no pointer into the map
/// outlives the read transaction.
struct AttachedPieces {
    // SAFETY: both live as long as the loop, which frees them in `deallocate`.
    private var pieces: UnsafeMutablePointer<Piece>
    private var capacity = 1_024
    private var count = 0
    /// Streams that have attached pieces, to be looked at when the connection was flushed.
    private var streams: UnsafeMutablePointer<Stream>
    private var streamCount = 0
    private var streamCapacity = 512

    init() {
        // SAFETY: see above.
        pieces = .allocate(capacity: capacity)
        streams = .allocate(capacity: streamCapacity)
    }

    /// Adds a piece of the map to a stream's body.
    @inline(__always)
    mutating func attach(_ start: UnsafeRawPointer?, _ length: Int, to stream: Stream) {
        if count == capacity { growPieces() }
        if stream.body.pieceCount == 0 {
            stream.body.firstPiece = count
            stream.body.pieceOffset = 0
            if streamCount == streamCapacity { growStreams() }
            streams[streamCount] = stream
            streamCount += 1
        }
        let end = stream.body.firstPiece + stream.body.pieceCount
        precondition(end == count, "one exchange's body is appended before the next one's")
        pieces[count] = Piece(start: start, length: length)
        count += 1
        stream.body.pieceCount += 1
        stream.body.remaining += length
        stream.body.total += length
    }

    /// Bytes of all streams that are attached and not gathered.
    var unsentBytes: Int {
        (0..<streamCount).reduce(0) { sum, index in
            sum + (streams[index].body.pieceCount > 0 ? streams[index].body.remaining : 0)
        }
    }

    /// A piece of a stream's body, from the first that is not sent.
    func piece(_ index: Int, of stream: Stream) -> Piece {
        precondition(index < stream.body.pieceCount)
        return pieces[stream.body.firstPiece + index]
    }

    /// Moves `length` bytes of a stream's body into the send batch.
    @inline(__always)
    mutating func gather(_ stream: Stream, _ length: Int, into batch: inout SendBatch) {
        stream.body.remaining -= length
        if let retained = stream.body.retained {
            batch.copy(retained + stream.body.retainedOffset, length)
            stream.body.retainedOffset += length
            stream.connection!.retainedBytes -= length
            return
        }
        var piece = stream.body.firstPiece
        var offset = stream.body.pieceOffset
        var left = length
        while left > 0 {
            let rest = pieces[piece].length - offset
            let length = min(rest, left)
            batch.refer(pieces[piece].start.unsafelyUnwrapped + offset, length)
            left -= length
            offset += length
            if length == rest {
                piece += 1
                offset = 0
            }
        }
        stream.body.pieceCount -= piece - stream.body.firstPiece
        stream.body.firstPiece = piece
        stream.body.pieceOffset = offset
    }

    /// Forgets what is attached: its connection is closing.
    mutating func drop() {
        for index in 0..<streamCount {
            streams[index].body.pieceCount = 0
            streams[index].body.remaining = 0
            streams[index].body.hasMore = false
        }
        streamCount = 0
        count = 0
    }

    /// Ends a connection's turn: what its streams could not send is copied out of the map.
    @inline(__always)
    mutating func detachAll(_ connection: Connection) {
        for index in 0..<streamCount {
            let stream = streams[index]
            // A slot that was released, or released and taken again, has no pieces.
            if stream.body.pieceCount > 0 { detach(stream, connection) }
        }
        streamCount = 0
        count = 0
    }

    private mutating func detach(_ stream: Stream, _ connection: Connection) {
        let length = stream.body.remaining
        // SAFETY: freed when the stream's slot is released, or replaced when it was sent.
        let copy = malloc(length)!
        var written = 0
        for index in 0..<stream.body.pieceCount {
            let piece = pieces[stream.body.firstPiece + index]
            let offset = index == 0 ? stream.body.pieceOffset : 0
            memcpy(copy + written, piece.start! + offset, piece.length - offset)
            written += piece.length - offset
        }
        precondition(written == length, "pieces and remaining bytes agree")
        stream.body.retained = copy
        stream.body.retainedOffset = 0
        stream.body.pieceCount = 0
        connection.retainedBytes += length
    }

    private mutating func growPieces() {
        // SAFETY: the old array's elements move over before it is freed.
        let larger = UnsafeMutablePointer<Piece>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: pieces, count: count)
        pieces.deallocate()
        pieces = larger
        capacity *= 2
    }

    private mutating func growStreams() {
        // SAFETY: as above.
        let larger = UnsafeMutablePointer<Stream>.allocate(capacity: streamCapacity * 2)
        larger.moveInitialize(from: streams, count: streamCount)
        streams.deallocate()
        streams = larger
        streamCapacity *= 2
    }

    /// Returns the memory; nothing may be attached afterwards.
    func deallocate() {
        pieces.deallocate()
        streams.deallocate()
    }
}
