/// What a client loop does with the answers to its requests. Subclass it; all methods are called on
/// the loop's thread, and must keep neither name, value nor bytes.
open class ResponseHandler {
    /// A handler that ignores everything.
    public init() {}

    /// A field of an answer, other than `:status` and `content-length`.
    open func field(
        _ slot: Int, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) {}

    /// Bytes of an answer's body, as they lie in the receive buffer.
    open func data(_ slot: Int, _ bytes: UnsafeRawBufferPointer) {}

    /// A connection can take requests that it could not take before: it was opened again, or its
    /// server allows more streams. See `ClientLoop.isUsable`.
    open func ready(_ connection: Int) {}

    /// The answer is complete, or will never be. The slot is free from here on.
    open func finished(_ slot: Int, _ outcome: ResponseOutcome) {}
}

/// How a request ended.
public struct ResponseOutcome: Sendable {
    /// Why a stream ended without its answer.
    public enum Failure: Sendable {
        /// The server reset the stream.
        case reset
        /// The server did not process the request, which may be sent again: REFUSED_STREAM, or
        /// above the last stream of its GOAWAY (RFC 9113 §6.8, §8.7).
        case refused
        /// The connection was lost with the stream under way.
        case connectionLost
    }

    /// Status code; 0 if none came.
    public let status: Int
    /// `content-length` of the answer; nil without one.
    public let declaredBytes: Int?
    /// Bytes of body that came.
    public let receivedBytes: Int
    /// Nil when the answer came to its end.
    public let failure: Failure?
}
