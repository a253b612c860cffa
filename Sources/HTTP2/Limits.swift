/// Every limit of the HTTP/2 layer: its unit, its default and the reason for it.
///
/// Sizes are bytes and times are milliseconds unless a name says otherwise.
public enum Limits {
    /// Streams a client may have open at once (RFC 9113 §6.5.2): a load of 256 requests has to fit.
    public static let maxConcurrentStreams: UInt32 = 256

    /// Size of a request's field section, counted as RFC 9113 §6.5.2 does (name + value + 32).
    /// HPACK can turn 147 KB on the wire into 574 MB; past this the answer is 431.
    public static let maxFieldSectionBytes = 16 * 1024

    /// Fields in one request: as above, for many tiny fields.
    public static let maxFields = 100

    /// Bytes one send may gather: the whole buffer, so that the last page of an allowance leaves
    /// with those before it. A second send for its end costs 3 % of the server's time.
    public static let sendBatchBytes = 416 * 1024

    /// Send buffer asked of the kernel: what net.core.wmem_max usually allows. It doubles that.
    static let socketBufferBytes: Int32 = 212_992

    /// Bytes sent to a connection before its socket is asked whether the peer keeps up. A socket is writable
    /// when a quarter of its buffer is in use: with the other three it does not fill up in the middle
    /// of a page, which is then sent from the map instead of being copied aside.
    static let allowanceBytes = 304 * 1024

    /// What is left of an allowance that is not worth a send of its own.
    static let leastAllowanceBytes = 16 * 1024

    /// Pieces one send may gather: Linux refuses more (IOV_MAX).
    public static let sendPieces = 1024

    /// Bytes of frame headers and small bodies that one send may hold.
    static let sendArenaBytes = 192 * 1024

    /// Bodies up to this are copied into the send arena: below it one memcpy beats a piece.
    static let copiedBodyBytes = 256

    /// Bytes that a send must be able to lend before it lends any: below it the copy costs no more.
    static let lentBytes = 16 * 1024
    /// Bytes of headers that are copied to be lent with them, and of the memory for those that is let
    /// go of together: 16 fresh pages, some µs each.
    static let lentCopyBytes = lentBytes / 4
    static let lentHeaderBytes = 64 * 1024
    /// Pages in the pipe at once: 1 MiB, which any user may have. A whole send takes 160 places.
    static let lentPages: Int32 = 256

    /// Reads of one connection in a turn, and accepts: a flood must not keep the loop from all others.
    static let readsPerTurn = 4
    static let acceptsPerTurn = 16

    /// Bytes read from a socket at once: a loop has one such buffer, not each connection.
    static let receiveBytes = 64 * 1024

    /// Unsent bytes of answers kept for a connection; past it come portions of `minimumPortionBytes`.
    public static let retainedBytesPerConnection = 256 * 1024

    /// The portion of a long answer that is resolved at once while a peer reads well.
    public static let portionBytes = 256 * 1024

    /// The portion that a stream gets whoever else does not read; 256 streams hold half a MiB of them.
    public static let minimumPortionBytes = 2 * 1024

    /// The portion of an answer that takes turns: its rest is kept until its turn comes again.
    static let incrementalPortionBytes = 64 * 1024

    /// Bytes of a body that passes longer ones: a frame of any peer. An order has 1.3 KB, a page 66.
    public static let shortAnswerBytes = 16 * 1024

    /// Bytes that connections and bodies have let go of after which the heap is worth a trim: 4 MiB.
    static let trimAfterBytes = 4 * 1024 * 1024

    /// Request body bytes that a connection may have in memory; past it a request gets 503.
    public static let bodyBytesPerConnection = 32 * 1024 * 1024

    /// Request body bytes that a server may have in memory, over all its connections: 256 MiB, eight
    /// connections at their limit; past it a request gets 503.
    public static let bodyBytes = 256 * 1024 * 1024

    /// Body bytes that are let in and dropped after a request was answered without its body; past
    /// it the stream is reset. Twice the largest body that is not streamed.
    static let droppedBodyBytes = 16 * 1024 * 1024

    /// Time that the end of an answer waits for the end of its request: the rest travels through a proxy
    /// to the client in that time. Some clients (Go's) stop sending then and wait for the end.
    static let heldEndMilliseconds: Int64 = 500

    /// Receive window of a stream: what a client may send ahead (RFC 9113 §6.9).
    static let streamWindowBytes: UInt32 = 256 * 1024

    /// Receive window of a connection.
    static let connectionWindowBytes: Int32 = 1024 * 1024

    /// Connections of a process; a further one is closed at accept. Below the usual
    /// RLIMIT_NOFILE of 1 024 minus what the process itself holds.
    public static let maxConnections = 960

    /// Frames per second that a connection may send without carrying a request forward
    /// (PING, SETTINGS, PRIORITY, GOAWAY, DATA without a byte of a body, WINDOW_UPDATE for nothing,
    /// unknown types): a flood ends the connection.
    public static let controlFramesPerSecond = 1_000

    /// Such frames that a client may send in addition with each request of that second: one PING and
    /// one PRIORITY.
    public static let controlFramesPerRequest = 2

    /// Settings in one SETTINGS frame: RFC 9113 knows six, and a few more are in use.
    static let settingsPerFrame = 32

    /// Bytes sent for which a client may send one more WINDOW_UPDATE: half of what the busiest
    /// client we know opens its window by.
    static let bytesPerWindowUpdate = 1_024

    /// WINDOW_UPDATE frames that may be saved up: those for one connection window of 4 MiB.
    static let windowUpdateCredit = 4_096

    /// Frames that may come on a stream after we have reset it, because they were on their way: a stream's
    /// window in DATA frames of 1 KiB. Further ones carry no request forward.
    static let strayFramesPerReset = 256

    /// Such frames that may be saved up, and as many may come for streams that GOAWAY has turned away: four
    /// times a connection's window in DATA frames of 1 KiB.
    static let strayFrameCredit = 4_096

    /// RST_STREAM frames per second that we may be provoked to send (CVE-2025-8671).
    public static let provokedResetsPerSecond = 100

    /// RST_STREAM frames from a client at once (CVE-2023-44487). As many streams beyond
    /// `maxConcurrentStreams` are refused: a client that has not read our SETTINGS yet does not know
    /// how many may be open.
    public static let resetBurst = 1_000

    /// RST_STREAM frames from a client per second, once `resetBurst` is used up.
    public static let resetsPerSecond = 100

    /// Frames queued for a peer that does not read; past it the connection is closed.
    static let maxQueuedFrames = 1_000

    /// Time for the connection preface and the peer's SETTINGS ACK.
    static let handshakeMilliseconds: Int64 = 5_000

    /// Time without progress while bytes wait to be sent or a body to be received.
    public static let stallMilliseconds: Int64 = 60_000

    /// Bytes of a body, or its end, that have to come within `stallMilliseconds`: 16 KiB, 273 bytes/s.
    /// No network is that slow; who sends less wants the memory of what has come.
    public static let bodyProgressBytes = 16 * 1024

    /// Time after an error in which a client may take the last answers and close.
    static let lingerMilliseconds: Int64 = 2_000

    /// Reads of what a client had sent before it closed its socket for our answers: 4 MiB, more than a
    /// socket buffer holds.
    static let readsOfDeaf = 64

    /// Time without work after which a loop rests, see `Application.idle`. Long enough that a busy loop
    /// never does, short enough that a commit's pages are soon free again.
    static let restMilliseconds: Int32 = 10

    /// Time that streams under way get at shutdown.
    public static let drainMilliseconds: Int64 = 10_000

    /// Time between the notice of a shutdown and the GOAWAY that names the last stream: enough for
    /// requests that were on their way (RFC 9113 §6.8); the round trip of a Unix socket is 0.05 ms.
    static let noticeMilliseconds: Int64 = 50

    /// Time without progress after which a connection is given up at shutdown: a client that does
    /// not read must not hold up the end for all of `drainMilliseconds`.
    static let drainStallMilliseconds: Int64 = 1_500

    /// How often a loop that is ending looks at its clocks.
    static let drainTurnMilliseconds: Int32 = 25

    /// Connections answered in one turn before the loop looks at the sockets again.
    static let eventsPerTurn = 256

    /// Streams of one connection whose lookups are prefetched and answered together.
    static let answersPerRound = 256

    /// How many requests ahead of the one being answered are prefetched: about the number of
    /// cache misses a core keeps in flight.
    static let prefetchDistance = 8

    /// Bytes of a window before anything is said of it (RFC 9113 §6.9.2).
    static let initialWindowBytes = 65_535

    /// Bytes of a setting in a SETTINGS frame (RFC 9113 §6.5.1).
    static let settingBytes = 6

    /// Bytes that are kept of a frame which has come in part: all of the longest. While it comes only.
    static let keptFrameBytes = frameBytes + FrameHead.bytes

    /// Bytes that are taken at first for frames which wait to be sent: a few of them.
    static let leastControlBytes = 64

    /// The longest path that fits sockaddr_un (108 bytes with its terminating zero).
    public static let maxSocketPathBytes = 107

    /// Connections that wait for accept.
    static let listenBacklog: Int32 = 1_024

    /// Microseconds in which TCP handshakes that have begun are completed before a loopback port is
    /// given up: on loopback they take 0.1 ms.
    static let handshakeMicroseconds: UInt32 = 2_000

    /// Milliseconds between two lines of `ConnectionJournal` of one kind: a flood of clients that may
    /// not connect is no flood of lines.
    static let journalMilliseconds: Int64 = 1_000

    /// Supplementary groups of a client that are asked for at once; who has more is asked twice.
    static let peerGroups = 64

    // MARK: Memory
    //
    // A limit that is the length of an inline array is its type: so the number is there once.

    /// Bytes of the largest frame that every peer takes (RFC 9113 §4.2), and so of the pieces that
    /// DATA comes in.
    static let frameBytes = 16_384

    /// Bytes of the largest DATA frame that we send, where the peer takes it (RFC 9113 §4.2): each frame
    /// costs, but nothing passes one that has begun. Three of them fit into `sendArenaBytes`.
    static let dataFrameBytes = 60 * 1024

    /// Room in a send batch for what is copied next, twice the largest frame; DATA looks for its own.
    static let frameRoomBytes = 2 * frameBytes

    /// Bytes of a stream's slot for kept request fields; longer ones have memory of their own.
    static let requestFieldBytes = 512

    /// Bytes of a stream's slot for the values of response fields, and of a recorded response; a longer
    /// one has memory of its own.
    static var responseValueBytes: Int { MemoryLayout<ResponseValues>.size }
    /// Those bytes in words, which keeps them aligned: 256 bytes.
    typealias ResponseValues = InlineArray<32, UInt64>

    /// Fields of a response besides `:status` and `content-length`: 12, of which a list has five.
    static var responseFields: Int { MemoryLayout<ResponseFields<UInt8>>.size }
    typealias ResponseFields<Element> = InlineArray<12, Element>

    /// Pieces of the body of a recorded response: 64; a page of fifty orders has about twenty.
    typealias RecordedPieces<Element> = InlineArray<64, Element>

    /// Fields of a recorded response: 8; a page of a list has five.
    typealias RecordedFields<Element> = InlineArray<8, Element>

    /// Streams reset by us that a connection remembers: 32. What comes on older ones is ignored too.
    typealias ResetStreamIDs = InlineArray<32, Int32>

    /// Gaps of stream ids that a connection remembers: the 4 newest, enough to answer a faulty client.
    typealias SkippedRanges<Element> = InlineArray<4, Element>

    /// Ranks of requests that wait: for each of eight urgencies, short answers and long ones.
    typealias AnswerRanks<Element> = InlineArray<16, Element>

    /// PRIORITY_UPDATE frames that are kept for streams to come: 8.
    typealias PriorityUpdates<Element> = InlineArray<8, Element>

    /// Urgencies that an answer may have (RFC 9218 §4.1): 8.
    typealias UrgencyLevels<Element> = InlineArray<8, Element>

    /// Chains of a connection's table of streams: 64, half a KiB of pointers. With 256 streams, as many as may
    /// be open, each has four.
    typealias StreamChains<Element> = InlineArray<64, Element>

    /// Stream slots that a loop allocates at once: 32 are a few pages.
    static let streamsPerChunk = 32

    /// Free lists of a loop's sessions: one for each multiple of `blockGranuleBytes`, 0 among them.
    typealias BlockLists<Element> = InlineArray<17, Element>
    /// Bytes between the sizes of two of them: a cache line.
    static let blockGranuleBytes = 64
    /// Bytes of the largest block that a free list holds: 1 KiB, which is more than anything that
    /// nghttp2 takes for each request. Larger ones are left to `malloc`.
    static var pooledBlockBytes: Int {
        (MemoryLayout<BlockLists<UInt8>>.size - 1) * blockGranuleBytes
    }

    /// Bytes that those lists take from the system at once: 64 KiB.
    static let blockChunkBytes = 64 * 1024
}
