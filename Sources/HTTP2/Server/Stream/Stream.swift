import CNghttp2
import Glibc

/// Where a stream stands between its first HEADERS frame and its close.
enum StreamPhase: UInt8 {
    /// On the pool's free list.
    case free
    /// Field section or body are still arriving.
    case receiving
    /// Complete; in its connection's queue of requests to answer.
    case waiting
    /// With the application, which answers later (a write waits for its commit).
    case pending
    /// Malformed: a RST_STREAM frame waits to be sent.
    case malformed
    /// The response was given to nghttp2.
    case submitted
}

/// One request and its response: plain old data in a slot of its loop's `StreamPool`.
///
/// A slot outlives its stream: memory is never returned to the system while the loop runs, so a
/// late completion may look at a slot and see by `generation` that its stream is gone.
///
/// The slot is followed in memory by two small buffers, one for kept request fields and one for
/// response field values, so that an ordinary request allocates nothing.
struct Stream {
    var connection: UnsafeMutablePointer<Connection>?
    var next: UnsafeMutablePointer<Stream>?
    /// Neighbours among the streams of the connection.
    var elder: UnsafeMutablePointer<Stream>?
    var younger: UnsafeMutablePointer<Stream>?
    var generation: UInt64 = 0
    var id: Int32 = 0
    var phase = StreamPhase.free

    // Request.
    var method = Method.get
    var isComplete = false
    var refusal: Refusal?
    var rules = MessageRules()
    var fieldCount = 0
    var fieldSectionBytes = 0
    var requestUsed = 0
    var overflow: UnsafeMutableRawPointer?
    var overflowCapacity = 0
    var kept = InlineArray<11, FieldSlice>(repeating: FieldSlice())
    /// Which fields are kept: a bit for each `RequestField.rawValue`.
    var present: UInt16 = 0
    var requestBody: UnsafeMutableRawPointer?
    var requestBodyLength = 0
    var requestBodyCapacity = 0
    var maxRequestBody = 0
    var droppedBytes = 0
    /// The body goes to the application in pieces; `requestBody` holds what it has not taken yet.
    var isStreamed = false
    var streamedBytes = 0
    var heldOffset = 0
    /// When the body was last got on with, and its bytes since then: see `noteBodyProgress`.
    var progressAt: Int64 = 0
    var progressBytes = 0

    // Response.
    var status: Int = 0
    var fieldsUsed = 0
    var responseUsed = 0
    var responseOverflow: UnsafeMutableRawPointer?
    var fields = Limits.ResponseFields<ResponseSlice>(repeating: ResponseSlice())
    var body = ResponseBody()
    /// Not even its fields are out, and nghttp2 will not send them: see `LastAnswers`.
    var isUnsent = false
    /// Bytes of the body among the last answers.
    var sentLast = 0
    /// The answer came before the request's end and does not end yet: see `holdEnd`.
    var holdsEnd = false

    /// See `Exchange.foreseen`.
    var foreseen: UInt64 = 0
    /// What the application keeps between two portions of a long answer.
    var application = ApplicationState()
}

/// Where a kept request field's value lies, from the start of the slot's request bytes.
struct FieldSlice {
    var offset: UInt32 = 0
    var length: UInt32 = 0
}

/// A response field and where its value lies.
struct ResponseSlice {
    var field = ResponseField.contentType
    var value: UnsafePointer<UInt8>?
    var length = 0
}

/// A piece of memory to be sent.
struct Piece {
    var start: UnsafeRawPointer?
    var length = 0
}

/// What is left to send of a response's body.
///
/// Bytes are either *attached* (pieces of the store's map in the loop's piece list, valid until
/// the connection's turn ends) or *retained* (a heap copy owned by the stream).
struct ResponseBody {
    var firstPiece = 0
    var pieceCount = 0
    var pieceOffset = 0
    var retained: UnsafeMutableRawPointer?
    var retainedOffset = 0
    /// Unsent bytes, attached or retained.
    var remaining = 0
    /// The whole body's length, for content-length.
    var total = 0
    /// More portions follow: ask the application when these bytes are gone.
    var hasMore = false
    /// The application could not go on: reset the stream.
    var isBroken = false
    /// A response to HEAD: fields as for GET, no body.
    var isOmitted = false
}

/// Four words that an application may keep with a stream; zero at first.
///
/// What they mean is the application's: it packs a type of its own into them.
public struct ApplicationState: Equatable, Sendable {
    /// The words.
    public var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// All zero.
    public init() {}

    /// Whether all words are the same.
    @inline(__always)
    public static func == (one: ApplicationState, other: ApplicationState) -> Bool {
        one.words == other.words
    }
}

extension UnsafeMutablePointer where Pointee == Stream {
    /// The slot's request bytes, behind the slot itself.
    var requestArena: UnsafeMutableRawPointer {
        // SAFETY: the pool allocates `StreamPool.slotBytes` for each slot, never freed.
        UnsafeMutableRawPointer(self) + StreamPool.requestArenaOffset
    }

    /// The slot's bytes for response field values.
    var responseArena: UnsafeMutableRawPointer {
        // SAFETY: as above.
        UnsafeMutableRawPointer(self) + StreamPool.responseArenaOffset
    }

    /// Keeps a request field's value; what cannot be kept is noted as a refusal.
    @inline(__always)
    func keep(_ field: RequestField, _ value: UnsafePointer<UInt8>, _ length: Int) {
        if pointee.present & field.bit != 0 { return keepAgain(field, value, length) }
        let end = pointee.requestUsed + length
        if end > Limits.requestFieldBytes, !growOverflow(to: end) { return }
        // SAFETY: nghttp2 keeps `value` alive through the callback; the room was made above.
        memcpy(keptBase + pointee.requestUsed, value, length)
        pointee.kept[field.rawValue] = FieldSlice(
            offset: UInt32(truncatingIfNeeded: pointee.requestUsed),
            length: UInt32(truncatingIfNeeded: length))
        pointee.present |= field.bit
        pointee.requestUsed = end
    }

    /// A further line of a field: lists are combined in order (RFC 9110 §5.3).
    private func keepAgain(_ field: RequestField, _ value: UnsafePointer<UInt8>, _ length: Int) {
        guard field.isList else {
            pointee.refusal = pointee.refusal ?? .fieldRepeated(field)
            return
        }
        let first = pointee.kept[field.rawValue]
        // What was kept last goes on where it is; anything else moves behind it first.
        let isLast = Int(first.offset + first.length) == pointee.requestUsed
        let start = isLast ? Int(first.offset) : pointee.requestUsed
        let total = Int(first.length) + 2 + length
        if start + total > Limits.requestFieldBytes, !growOverflow(to: start + total) { return }
        // SAFETY: nghttp2 keeps `value` alive through the callback; the room was made above.
        let space = keptBase + start
        if !isLast { memcpy(space, keptBase + Int(first.offset), Int(first.length)) }
        (space + Int(first.length)).copyMemory(from: ", ", byteCount: 2)
        memcpy(space + Int(first.length) + 2, value, length)
        pointee.kept[field.rawValue] = FieldSlice(offset: UInt32(start), length: UInt32(total))
        pointee.requestUsed = start + total
    }

    /// Where kept values lie: in the slot, or all of them in the overflow once it exists.
    @inline(__always)
    private var keptBase: UnsafeMutableRawPointer { pointee.overflow ?? requestArena }

    private func growOverflow(to length: Int) -> Bool {
        if length > Limits.maxFieldSectionBytes {
            pointee.refusal = .fieldsTooLarge
            return false
        }
        if pointee.overflow != nil { return true }
        // SAFETY: freed by StreamPool.release when the stream ends.
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: Limits.maxFieldSectionBytes, alignment: 8)
        bytes.copyMemory(from: requestArena, byteCount: pointee.requestUsed)
        pointee.overflow = bytes
        return true
    }

    /// A kept field's value, or nil when the request has no such field.
    @inline(__always)
    func field(_ field: RequestField) -> UnsafeRawBufferPointer? {
        if pointee.present & field.bit == 0 { return nil }
        let slice = pointee.kept[field.rawValue]
        // SAFETY: the slot's request bytes stay as they are until the slot is released.
        return UnsafeRawBufferPointer(
            start: keptBase + Int(slice.offset), count: Int(slice.length))
    }

    /// Leaves so many bytes of the request's target.
    func shortenPath(to length: Int) {
        precondition(length <= pointee.kept[RequestField.path.rawValue].length, "no longer target")
        pointee.kept[RequestField.path.rawValue].length = UInt32(length)
    }

    /// Appends to the request's body; false when it grows past what was admitted.
    func appendBody(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        let end = pointee.requestBodyLength + length
        if end > pointee.maxRequestBody { return false }
        if end > pointee.requestBodyCapacity {
            let capacity = Swift.max(end, pointee.requestBodyCapacity * 2, 4096)
            pointee.requestBody = realloc(pointee.requestBody, capacity)
            pointee.requestBodyCapacity = capacity
        }
        // SAFETY: nghttp2 keeps `bytes` alive through the callback; capacity was made above.
        memcpy(pointee.requestBody! + pointee.requestBodyLength, bytes, length)
        pointee.requestBodyLength = end
        return true
    }

    /// Frees what was received of the body.
    func dropBody() {
        // SAFETY: the slot's own; nobody is handed the body of a request that is not complete.
        free(pointee.requestBody)
        pointee.requestBody = nil
        pointee.requestBodyLength = 0
        pointee.requestBodyCapacity = 0
    }
}
