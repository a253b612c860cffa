/// What there is to know of a client's connection; reached through `Connection`.
struct ConnectionState {
    var socket: Int32
    /// Whether requests are answered without a client: see `DetachedLoop`.
    let isDetached: Bool
    var decoder = FieldDecoder()
    var encoder = FieldEncoder()
    let loop: Loop

    /// Requests that are complete and wait for their answer, first in, first out.
    var waiting = StreamQueue()
    /// The stream whose field section is arriving.
    var receiving: Stream?
    /// All streams of this connection, linked through `Stream.elder`.
    var streams: Stream?
    var byID = StreamTable()
    var openStreams = 0
    /// Those of them that were reset, and are to be released before anything is sent.
    var resetCount = 0
    /// Those of them whose clients are to be told to go on with their bodies.
    var continueCount = 0
    /// The highest stream that was opened; 0 before the first.
    var lastStream: Int32 = 0
    /// The highest stream id seen, and lower ids that were passed over (RFC 9113 §5.1.1).
    var skippedIDs = SkippedStreamIDs()
    var resetStreams = ResetStreams()
    // Whose answer comes first: see `placeAnswer`.
    /// Whether the client has said anything of that.
    var hasPriorities = false
    var priorityUpdates = PriorityUpdates()
    /// Answers that are on their way and longer than `Limits.shortAnswerBytes`.
    var longAnswers = 0
    /// Whether such a one was foreseen in `waiting`.
    var awaitsLong = false

    /// Where the input stands between two reads.
    var input = FrameInput()
    /// What is said of the connection and its streams, ahead of all answers.
    var control = ControlFrames()
    /// Answers with bytes to send.
    var output = OutputQueue()

    /// Bytes of DATA that the client lets us send (RFC 9113 §6.9), and a stream's at first.
    var window = Limits.initialWindowBytes
    var peerWindow = Limits.initialWindowBytes
    /// Bytes of the largest DATA frame that the client takes and we send.
    var frameLimit = Limits.frameBytes
    /// Bytes of DATA that have come since the client's window for the connection was last opened.
    var windowTaken = 0

    /// Bytes that the kernel did not take: sent before anything else.
    var unsent: UnsafeMutableRawPointer?
    var unsentOffset = 0
    var unsentLength = 0
    /// Bytes of answers that streams of this connection keep in the heap.
    var retainedBytes = 0
    /// Bytes of request bodies in memory.
    var bodyBytes = 0

    /// Bytes that may be sent before the socket is asked again: see `Limits.allowanceBytes`.
    var allowance = Limits.allowanceBytes
    var awaitsWritable = false
    /// The client has closed its side.
    var sawEnd = false
    var isTouched = false
    var isClosing = false
    var gotSettingsAck = false
    /// Whether our SETTINGS were said: see `greet`.
    var isGreeted = false
    /// The client has said GOAWAY.
    var gotGoAway = false

    // The end, see `GivingUp`.
    var standing = Standing.open
    /// No further streams are taken.
    var isLeaving = false
    /// It is we who end it, for the client's fault.
    var isCutOff = false
    /// What is to be said when the socket takes it at once, or ahead of the last answers.
    var farewell: Farewell?
    /// GOAWAY has named the last stream that is taken.
    var isGoodbyeSaid = false
    var endedAt: Int64 = 0

    // Budgets, see Limits.
    var acceptedAt: Int64 = 0
    var progressAt: Int64 = 0
    /// When what a request waits for was last got on with: a field section or a body that arrives,
    /// DATA that leaves. A client's PING is no progress, and neither is our answer to it.
    var workedAt: Int64 = 0
    var budgetSecond: Int64 = 0
    var controlFrames = 0
    var requestsOpened = 0
    var requestsBefore = 0
    var windowCredit = 0
    var strayCredit = 0
    var provokedResets = 0
    var resets = Ration(
        burst: Int64(Limits.resetBurst), perSecond: Int64(Limits.resetsPerSecond))
    var refusals = Ration(
        burst: Int64(Limits.resetBurst), perSecond: Int64(Limits.resetsPerSecond))

    // Neighbours in the loop's list, and the next one to serve in this turn.
    var previous: Connection?
    var following: Connection?
    var nextTouched: Connection?
}
