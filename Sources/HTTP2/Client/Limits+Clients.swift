/// Limits of the clients; as those of the server, in bytes and milliseconds.
extension Limits {
    // MARK: Client loops

    /// Bytes that a client loop reads at once: two pages of 50 orders, and still within a core's
    /// second-level cache.
    static let clientReceiveBytes = 128 * 1024
    /// Request bytes that a connection of a client loop gathers for one send. 256 requests are
    /// 16 KiB; a whole frame has to fit behind them.
    static let clientSendBytes = 64 * 1024
    /// The longest piece that nghttp2 hands out at once: a frame with its header, and some padding.
    static let clientFrameBytes = 16 * 1024 + 512
    /// Time for a server's SETTINGS after a client loop has connected.
    static let clientHandshakeMilliseconds: Int64 = 5_000
    /// Windows that a client loop grants: no WINDOW_UPDATE per stream, one per half a GiB in all.
    static let clientWindowBytes: Int32 = 1 << 30
    /// Path and query of a request of a client loop. Cursors are the longest: about 100 bytes.
    public static let clientPathBytes = 1_024
    /// Body of a request of a client loop: a comment or a patch.
    public static let clientBodyBytes = 1_024
    /// Connections of a client loop answered in one turn.
    static let clientEventsPerTurn = 64

    // MARK: Single clients

    /// Bytes that a client reads at once: several frames.
    static let clientBufferBytes = 64 * 1024
    /// Windows of stream and connection: 16 MiB, because a client reads into memory as fast as it can.
    static let clientReadAheadBytes: Int32 = 16 * 1024 * 1024
    /// Times that a client waits for an answer unless told otherwise, and for SETTINGS when it connects.
    public static let clientAnswerMilliseconds: Int32 = 30_000
    static let clientGreetingMilliseconds: Int32 = 1_000
}
