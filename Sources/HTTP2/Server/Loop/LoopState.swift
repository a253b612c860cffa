import CLinux
import CNghttp2
import Glibc

/// What the hot path of one loop works on, in one struct behind one pointer: reached from a C
/// callback without a reference count or an exclusivity check.
struct LoopState {
    let epoll: Int32
    let receiveBuffer: UnsafeMutableRawPointer
    fileprivate let unmanagedApplication: Unmanaged<Application>
    /// Text of the status codes 100…599, three bytes each.
    private let statusText: UnsafeMutablePointer<UInt8>
    /// Scratch for a response's fields as nghttp2 wants them.
    let fields: UnsafeMutablePointer<nghttp2_nv>

    var pool = StreamPool()
    /// Counted in the open, published once a turn.
    var counters = LoopCounters()
    /// Whether a connection was cut off since that was last published.
    var hasCutOff = false
    let memory: UnsafeMutablePointer<SessionMemory>
    var batch = SendBatch()

    // Pieces attached to streams in this turn.
    private var pieces: UnsafeMutablePointer<Piece>
    private var pieceCapacity = 1_024
    private var pieceCount = 0
    /// Streams that have attached pieces, to be looked at when the connection was flushed.
    private var attached: UnsafeMutablePointer<UnsafeMutablePointer<Stream>>
    private var attachedCount = 0
    private var attachedCapacity = 512

    var connections: UnsafeMutablePointer<Connection>?
    var connectionCount = 0
    /// Streams that have `holdsEnd`.
    var heldEnds = 0
    var touched: UnsafeMutablePointer<Connection>?
    /// Milliseconds on the monotonic clock at the start of the turn.
    var now: Int64 = 0
    var isDraining = false
    private let unmanagedOwner: Unmanaged<EventLoop>
    private let unmanagedBodies: Unmanaged<BodyBudget>

    /// What all loops of the server share for request bodies.
    var bodies: BodyBudget { unmanagedBodies.takeUnretainedValue() }

    var owner: EventLoop { unmanagedOwner.takeUnretainedValue() }

    init(epoll: Int32, application: Application, owner: EventLoop) {
        self.epoll = epoll
        // SAFETY: the owner keeps the application alive and frees all of this in `deallocate`.
        unmanagedApplication = Unmanaged.passUnretained(application)
        unmanagedOwner = Unmanaged.passUnretained(owner)
        unmanagedBodies = Unmanaged.passUnretained(owner.bodies)
        receiveBuffer = .allocate(byteCount: Limits.receiveBytes, alignment: 64)
        pieces = .allocate(capacity: pieceCapacity)
        attached = .allocate(capacity: attachedCapacity)
        fields = .allocate(capacity: Limits.responseFields + 2)
        memory = .allocate(capacity: 1)
        memory.initialize(to: SessionMemory())
        statusText = .allocate(capacity: 1_500)
        for status in 100..<600 {
            _ = DecimalText.write(UInt64(status), to: statusText + (status - 100) * 3)
        }
    }

    /// The three digits of a status code.
    func text(of status: Int) -> UnsafeMutablePointer<UInt8> {
        precondition((100..<600).contains(status), "a status code has three digits")
        return statusText + (status - 100) * 3
    }

    /// Counts a connection that is cut off.
    mutating func cutOff(_ cause: CutOff) {
        counters.cutOffs[cause.rawValue] &+= 1
        hasCutOff = true
    }

    // MARK: Attached bytes

    /// Adds a piece of the map to a stream's body.
    @inline(__always)
    mutating func attach(
        _ start: UnsafeRawPointer?, _ length: Int, to stream: UnsafeMutablePointer<Stream>
    ) {
        if pieceCount == pieceCapacity { growPieces() }
        if stream.pointee.body.pieceCount == 0 {
            stream.pointee.body.firstPiece = pieceCount
            stream.pointee.body.pieceOffset = 0
            if attachedCount == attachedCapacity { growAttached() }
            attached[attachedCount] = stream
            attachedCount += 1
        }
        let end = stream.pointee.body.firstPiece + stream.pointee.body.pieceCount
        precondition(end == pieceCount, "one exchange's body is appended before the next one's")
        pieces[pieceCount] = Piece(start: start, length: length)
        pieceCount += 1
        stream.pointee.body.pieceCount += 1
        stream.pointee.body.remaining += length
        stream.pointee.body.total += length
    }

    /// A piece of a stream's body, from the first that is not sent.
    func piece(_ index: Int, of stream: UnsafeMutablePointer<Stream>) -> Piece {
        precondition(index < stream.pointee.body.pieceCount)
        return pieces[stream.pointee.body.firstPiece + index]
    }

    /// Moves `length` bytes of a stream's body into the send batch.
    @inline(__always)
    mutating func gather(_ stream: UnsafeMutablePointer<Stream>, _ length: Int) {
        stream.pointee.body.remaining -= length
        if let retained = stream.pointee.body.retained {
            batch.copy(retained + stream.pointee.body.retainedOffset, length)
            stream.pointee.body.retainedOffset += length
            stream.pointee.connection!.pointee.retainedBytes -= length
            return
        }
        var piece = stream.pointee.body.firstPiece
        var offset = stream.pointee.body.pieceOffset
        var left = length
        while left > 0 {
            let rest = pieces[piece].length - offset
            let count = min(rest, left)
            batch.refer(pieces[piece].start.unsafelyUnwrapped + offset, count)
            left -= count
            offset += count
            if count == rest {
                piece += 1
                offset = 0
            }
        }
        stream.pointee.body.pieceCount -= piece - stream.pointee.body.firstPiece
        stream.pointee.body.firstPiece = piece
        stream.pointee.body.pieceOffset = offset
    }

    /// Forgets what is attached: its connection is closing.
    mutating func dropAttached() {
        for index in 0..<attachedCount {
            attached[index].pointee.body.pieceCount = 0
            attached[index].pointee.body.remaining = 0
            attached[index].pointee.body.hasMore = false
        }
        attachedCount = 0
        pieceCount = 0
    }

    /// Ends a connection's turn: what its streams could not send is copied out of the map.
    @inline(__always)
    mutating func detachAll(_ connection: UnsafeMutablePointer<Connection>) {
        for index in 0..<attachedCount {
            let stream = attached[index]
            // A slot that was released, or released and taken again, has no pieces.
            if stream.pointee.body.pieceCount > 0 { detach(stream, connection) }
        }
        attachedCount = 0
        pieceCount = 0
    }

    private mutating func detach(
        _ stream: UnsafeMutablePointer<Stream>, _ connection: UnsafeMutablePointer<Connection>
    ) {
        let length = stream.pointee.body.remaining
        // SAFETY: freed when the stream's slot is released, or replaced when it was sent.
        let copy = malloc(length)!
        var written = 0
        for index in 0..<stream.pointee.body.pieceCount {
            let piece = pieces[stream.pointee.body.firstPiece + index]
            let offset = index == 0 ? stream.pointee.body.pieceOffset : 0
            memcpy(copy + written, piece.start! + offset, piece.length - offset)
            written += piece.length - offset
        }
        precondition(written == length, "pieces and remaining bytes agree")
        stream.pointee.body.retained = copy
        stream.pointee.body.retainedOffset = 0
        stream.pointee.body.pieceCount = 0
        connection.pointee.retainedBytes += length
    }

    private mutating func growPieces() {
        // SAFETY: the old array's elements move over before it is freed.
        let larger = UnsafeMutablePointer<Piece>.allocate(capacity: pieceCapacity * 2)
        larger.moveInitialize(from: pieces, count: pieceCount)
        pieces.deallocate()
        pieces = larger
        pieceCapacity *= 2
    }

    private mutating func growAttached() {
        // SAFETY: as above.
        let larger = UnsafeMutablePointer<UnsafeMutablePointer<Stream>>.allocate(
            capacity: attachedCapacity * 2)
        larger.moveInitialize(from: attached, count: attachedCount)
        attached.deallocate()
        attached = larger
        attachedCapacity *= 2
    }

    /// Returns the memory; nothing of the loop may be used afterwards.
    mutating func deallocate() {
        receiveBuffer.deallocate()
        pieces.deallocate()
        attached.deallocate()
        fields.deallocate()
        statusText.deallocate()
        batch.deallocate()
        pool.deallocate()
        memory.pointee.deallocate()
        memory.deinitialize(count: 1)
        memory.deallocate()
    }
}

extension UnsafeMutablePointer where Pointee == LoopState {
    /// Calls the application: without a reference count, and without a copy of the state.
    @inline(__always)
    func call(_ body: (Application) -> Void) {
        // SAFETY: the owner keeps the application for as long as this state.
        pointee.unmanagedApplication._withUnsafeGuaranteedRef(body)
    }
}
