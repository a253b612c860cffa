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
    /// RST_STREAM was said: it is released before that is sent.
    case reset
    /// The fields of the response were said.
    case submitted
}

/// What a body that has begun to be sent may wait for besides its turn.
enum Awaited: UInt8 {
    case nothing
    /// The client opens the stream's window.
    case window
    /// The application has more, or the request's end comes.
    case more
}

/// What there is to know of a request and its response: plain old data, reached through `Stream`.
struct StreamState {
    var connection: Connection?
    var next: Stream?
    /// Neighbours among the streams of the connection.
    var elder: Stream?
    var younger: Stream?
    /// The next one of its chain in the connection's `StreamTable`.
    var nextByID: Stream?
    var generation: UInt64 = 0
    /// Of a free slot: the generation of its last use, whose request may still be looked at.
    var endedGeneration: UInt64 = 0
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
    var kept = InlineArray<16, FieldSlice>(repeating: FieldSlice())
    /// Which fields are kept: a bit for each `RequestField.rawValue`.
    var present: UInt16 = 0
    var requestBody: UnsafeMutableRawPointer?
    var requestBodyLength = 0
    var requestBodyCapacity = 0
    var maxRequestBody = 0
    var droppedBytes = 0
    /// Its client is to be told to go on with the body, before anything else is sent.
    var awaitsContinue = false
    /// Bytes that the client has used of the stream's window, and those of them that were taken and that it
    /// was not told of.
    var windowUsed = 0
    var windowTaken = 0
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
    /// Bytes that the client lets us send of it (RFC 9113 §6.9).
    var window = 0
    /// What its body waits for.
    var awaits = Awaited.nothing
    /// It is in the connection's `OutputQueue`.
    var isQueued = false
    /// It is there for its end alone.
    var isQueuedToEnd = false
    /// Its place there, 0 first: as its priority says, but for short answers that pass long ones.
    var urgency = Priority().urgency
    /// The END_STREAM flag was said.
    var hasEnded = false
    /// The answer came before the request's end and does not end yet: see `holdEnd`.
    var holdsEnd = false

    // Its place among the answers of its connection: see `Connection.placeAnswer`.
    var priority = Priority()
    /// Whether the client has said something of it.
    var isPrioritized = false
    var foreseenLength = ForeseenLength.unknown
    /// Counted in `longAnswers`.
    var isLong = false

    /// See `Exchange.kind`.
    var kind: UInt16 = 0
    /// Microseconds on the monotonic clock at the start of the turn in which the whole request had
    /// come, or what there is to answer; 0 before.
    var completeAt: Int64 = 0
    /// See `Exchange.writeTimes`.
    var writeTimes = WriteTimes()
    /// It is observed when its stream ends, see `Application.observe`.
    var isObserved = false

    /// See `Exchange.foreseen`.
    var foreseen: UInt64 = 0
    /// What the application keeps between two portions of a long answer.
    var application = ApplicationState()
}

/// When a write was taken up and when it was done, in microseconds on the monotonic clock; 0 for what
/// writes nothing.
public struct WriteTimes: Sendable {
    /// When the writer took the group that it is in.
    public var takenAt: Int64 = 0
    /// When that group was durable, or had failed.
    public var doneAt: Int64 = 0

    /// No write.
    public init() {}

    /// A write.
    public init(takenAt: Int64, doneAt: Int64) {
        self.takenAt = takenAt
        self.doneAt = doneAt
    }
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
    /// Portions are cheap to make: see `Exchange.expectMore`.
    var isFitted = false
    /// There is no more for now: see `Exchange.rest`.
    var isResting = false
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
