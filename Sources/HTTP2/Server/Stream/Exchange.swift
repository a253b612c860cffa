import Glibc

/// A request and the response it gets: what an `Application` is handed.
///
/// A handle of one word to a stream slot. Valid on its loop's thread, from the call that hands it
/// over until the response is complete; `token` is what may travel to other threads.
public struct Exchange {
    let stream: Stream

    // MARK: Request

    /// The request's method.
    public var method: Method { stream.method }

    /// The request's target as received: path and query (RFC 9113 §8.3.1).
    public var path: UnsafeRawBufferPointer {
        stream.field(.path) ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// A kept field's value, or nil when the request does not have it.
    @inline(__always)
    public func field(_ field: RequestField) -> UnsafeRawBufferPointer? { stream.field(field) }

    /// Whether the request has If-Match or If-None-Match.
    @inline(__always)
    public var isConditional: Bool { stream.present & RequestField.conditions != 0 }

    /// Rewrites the request's target in place.
    ///
    /// - Parameter edit: given the target's bytes; returns how many of them are left.
    public func editPath(_ edit: (UnsafeMutableRawBufferPointer) -> Int) {
        guard let target = stream.field(.path) else { return }
        // SAFETY: the slot's own bytes, which nobody reads during the call.
        let length = edit(UnsafeMutableRawBufferPointer(mutating: target))
        stream.shortenPath(to: length)
    }

    /// The body, complete once `Application.answer` is called.
    public var body: UnsafeRawBufferPointer {
        // SAFETY: owned by the slot, as long as the exchange.
        UnsafeRawBufferPointer(
            start: stream.requestBody, count: stream.requestBodyLength)
    }

    /// Whether the whole request has arrived.
    public var isComplete: Bool { stream.isComplete }

    /// Lets a body of up to `bytes` bytes be received; without it any body is too large.
    public func admitBody(upTo bytes: Int) { stream.maxRequestBody = bytes }

    /// Lets a body of up to `bytes` bytes be received through `Application.receive`, piece by
    /// piece; `Application.streamEnded` follows in any case.
    public func admitStreamedBody(upTo bytes: Int) {
        stream.maxRequestBody = bytes
        stream.isStreamed = true
    }

    /// Whether the body was admitted as a streamed one.
    public var isStreamed: Bool { stream.isStreamed }

    /// What kind of request it is, for `RequestCounters`: less than `Application.requestKinds`; 0 at
    /// first.
    public var kind: Int {
        get { Int(stream.kind) }
        nonmutating set { stream.kind = UInt16(truncatingIfNeeded: newValue) }
    }

    /// One word that `Application.foresee` may leave for `prefetch`; zero at first.
    public var foreseen: UInt64 {
        get { stream.foreseen }
        nonmutating set { stream.foreseen = newValue }
    }

    /// Words that the application keeps with the exchange.
    public var state: ApplicationState {
        get { stream.application }
        nonmutating set { stream.application = newValue }
    }

    /// When what the request writes was written.
    public var writeTimes: WriteTimes {
        get { stream.writeTimes }
        nonmutating set { stream.writeTimes = newValue }
    }

    /// When the whole request had come, in microseconds on the monotonic clock; 0 before.
    public var completeAt: Int64 { stream.completeAt }

    // MARK: Response

    /// The status of the answer; 0 before.
    public var status: Int { stream.status }

    /// Bytes of the answer's body that were handed over for sending.
    public var sentBytes: Int {
        stream.body.isOmitted ? 0 : stream.body.total - stream.body.remaining
    }

    /// Whether a status was set.
    public var isAnswered: Bool { stream.status != 0 }

    /// Begins the response.
    ///
    /// - Parameter status: 200…599.
    @inline(__always)
    public func respond(_ status: Int) {
        precondition(stream.status == 0, "an exchange is answered once")
        stream.status = status
    }

    /// Adds a response field with a value that lives forever.
    @inline(__always)
    public func set(_ field: ResponseField, _ value: StaticString) {
        append(field, value.utf8Start, value.utf8CodeUnitCount)
    }

    /// Adds a response field, copying its value.
    public func set(_ field: ResponseField, copying value: UnsafeRawBufferPointer) {
        let space = reserveValue(value.count)
        if let base = value.baseAddress { memcpy(space, base, value.count) }
        commit(field, space, value.count)
    }

    /// Adds a response field, copying its value.
    public func set(_ field: ResponseField, copying text: String) {
        var text = text
        // SAFETY: copied before the closure returns.
        text.withUTF8 { set(field, copying: UnsafeRawBufferPointer($0)) }
    }

    /// Room for a response field's value of up to `capacity` bytes; `commit` what was written.
    @inline(__always)
    public func reserveValue(_ capacity: Int) -> UnsafeMutableRawPointer {
        let used = stream.responseUsed
        if used + capacity <= Limits.responseValueBytes { return stream.responseArena + used }
        return reserveOverflow(capacity)
    }

    /// Adds a response field whose value was written into `space`, as `reserveValue` gave it.
    @inline(__always)
    public func commit(_ field: ResponseField, _ space: UnsafeMutableRawPointer, _ length: Int) {
        if space == stream.responseArena + stream.responseUsed {
            stream.responseUsed += length
        }
        // SAFETY: the slot's own bytes, or its overflow.
        append(field, space.assumingMemoryBound(to: UInt8.self), length)
    }

    /// Adds a response field with a decimal number.
    @inline(__always)
    public func set(_ field: ResponseField, _ number: Int) {
        let space = reserveValue(20)
        commit(field, space, DecimalText.write(UInt64(number), to: space))
    }

    /// Takes the response field back that was added last, if it is this one.
    public func withdraw(_ field: ResponseField) {
        let last = stream.fieldsUsed - 1
        guard last >= 0, stream.fields[last].field == field else { return }
        let slice = stream.fields[last]
        // SAFETY: compared as addresses only.
        let end = stream.responseArena + stream.responseUsed
        if let value = slice.value, UnsafeRawPointer(value) + slice.length == UnsafeRawPointer(end)
        {
            stream.responseUsed -= slice.length
        }
        stream.fieldsUsed = last
    }

    /// Appends bytes to the body that stay valid until the connection's turn ends, such as bytes
    /// of the store's map under the loop's read transaction. Nothing is copied here.
    @inline(__always)
    public func appendAttached(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        stream.connection!.loop.attached.attach(
            start, bytes.count, to: stream)
    }

    /// Appends text that lives forever.
    @inline(__always)
    public func appendAttached(_ text: StaticString) {
        // SAFETY: a static string is never freed.
        appendAttached(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Makes a copy of `bytes` the body.
    public func setBody(copying bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        // SAFETY: freed when the stream's slot is released, or when the copy was sent.
        let copy = malloc(bytes.count)!
        memcpy(copy, start, bytes.count)
        stream.body.retained = copy
        stream.body.remaining = bytes.count
        stream.body.total += bytes.count
    }

    /// Makes a copy of `bytes` the body.
    public func setBody(copying bytes: [UInt8]) {
        // SAFETY: copied before the closure returns.
        bytes.withUnsafeBytes { setBody(copying: $0) }
    }

    /// Says that the body goes on after what was appended: `Application.refill` is asked for
    /// more when it was sent. Such a response has no content-length.
    ///
    /// - Parameter isFitted: whether portions come in the size that a send takes, and only when the socket
    ///   takes one: it saves a copy of what does not fit, and costs more portions and more turns.
    public func expectMore(_ more: Bool, isFitted: Bool = false) {
        stream.body.hasMore = more
        stream.body.isFitted = isFitted
    }

    /// Breaks a response off whose fields are on their way already: the stream is reset, so that
    /// the client does not take what it got for the whole.
    public func abort() { stream.body.isBroken = true }

    /// Bytes that a portion of this response may have now: less while the peer does not read, and of one
    /// whose portions are fitted, no more than still fits the send that is being gathered.
    public var portionBytes: Int {
        guard let connection = stream.connection else { return Limits.portionBytes }
        var room = Limits.retainedBytesPerConnection - connection.retainedBytes
        if stream.phase == .submitted, stream.body.isFitted {
            // What leaves with this send is not kept, and what does not would be copied aside.
            let fitting = connection.sendRoom - connection.loop.attached.unsentBytes
            let send = Swift.max(fitting, Limits.leastAllowanceBytes)
            room = connection.retainedBytes == 0 ? send : Swift.min(room, send)
        }
        if stream.priority.isIncremental {
            // Each of many gets its turn before the first is done: what they have begun is kept for all.
            room -= connection.loop.attached.unsentBytes
            room = Swift.min(room, Limits.incrementalPortionBytes)
        }
        return Swift.max(room, Limits.minimumPortionBytes)
    }

    /// Postpones the response: it comes through the token's loop later.
    public func suspend() -> ExchangeToken {
        stream.phase = .pending
        return token
    }

    /// What finds this exchange from another thread, while its body is streamed or once it is
    /// suspended.
    public var token: ExchangeToken {
        ExchangeToken(
            loop: stream.connection!.loop.owner, stream: stream,
            generation: stream.generation)
    }

    // MARK: Inside

    @inline(__always)
    private func append(_ field: ResponseField, _ value: UnsafePointer<UInt8>, _ length: Int) {
        let index = stream.fieldsUsed
        precondition(index < Limits.responseFields, "too many response fields")
        stream.fields[index] = ResponseSlice(field: field, value: value, length: length)
        stream.fieldsUsed = index + 1
    }

    private func reserveOverflow(_ capacity: Int) -> UnsafeMutableRawPointer {
        precondition(stream.responseOverflow == nil, "one long response field at most")
        // SAFETY: freed by StreamPool.release.
        let space = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        stream.responseOverflow = space
        return space
    }
}

/// An exchange seen from another thread: enough to find it again, if it still exists.
public struct ExchangeToken: @unchecked Sendable {
    // SAFETY: slots are never freed while their loop runs and are only looked at on its thread;
    // `generation` tells whether the slot still holds the same exchange.
    let loop: EventLoop
    let stream: Stream
    let generation: UInt64

    /// Runs `body` with the exchange on its loop's thread; not at all when the stream has ended or
    /// was answered. If `body` does not answer, a streamed body's bytes that wait for room are
    /// offered again, and a request that is complete goes to `Application.answer` once more.
    ///
    /// Callable from any thread.
    public func resume(_ body: @escaping @Sendable (Exchange) -> Void) {
        let token = self
        loop.enqueue {
            guard token.stream.generation == token.generation,
                token.stream.awaitsApplication
            else { return }
            body(Exchange(stream: token.stream))
            token.loop.resumed(token.stream)
        }
    }
}
