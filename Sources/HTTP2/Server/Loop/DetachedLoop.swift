import CLinux
import Glibc

/// Answers requests without a socket: the application runs on the calling thread.
///
/// For tests of an application, and for programs that embed one. The request goes through the
/// same slots, limits and body sources as one that came over a connection.
public final class DetachedLoop {
    private let eventLoop: EventLoop
    private let application: Application
    private let connection: Connection

    /// Makes a loop without a thread.
    public init(application: Application) throws(TransportError) {
        self.application = application
        eventLoop = try EventLoop(application: application)
        // SAFETY: freed in deinit; nothing else points to it.
        connection = Connection.allocate(
            ConnectionState(socket: -1, isDetached: true, loop: eventLoop.loop))
    }

    deinit {
        application.idle()
        connection.deallocate()
    }

    /// Answers one request; waits when the application answers later.
    ///
    /// - Returns: the answer; one with status 0 and nothing else where the application broke it off.
    public func perform(_ request: ClientRequest) -> ClientResponse {
        let stream = eventLoop.loop.pool.acquire()
        stream.connection = connection
        stream.phase = .receiving
        connection.openStreams += 1
        connection.streams = stream
        defer { connection.release(stream) }
        receive(request, stream)
        while stream.status == 0 {
            stream.isComplete = true
            application.beginTurn()
            application.answer(Exchange(stream: stream))
            if stream.status != 0 { break }
            precondition(stream.phase == .pending, "an exchange is answered or suspended")
            while stream.phase == .pending { eventLoop.waitForMailbox() }
        }
        return collect(stream)
    }

    private func receive(_ request: ClientRequest, _ stream: Stream) {
        var method = request.method
        // SAFETY: read before the closure returns.
        stream.method = method.withUTF8 { Method(UnsafeRawBufferPointer($0)) }
        let all = [HeaderField(":path", request.path)] + request.fields
        for field in all {
            let name = Array(field.name.utf8)
            let value = Array(field.value.utf8)
            guard let kept = RequestField.named(name, name.count) else { continue }
            stream.keep(kept, value, value.count)
        }
        let exchange = Exchange(stream: stream)
        if let refusal = stream.refusal { return application.refuse(exchange, refusal) }
        if request.body.isEmpty { return }
        application.beginTurn()
        application.admit(exchange)
        if stream.status != 0 { return }
        if stream.isStreamed { return feed(request.body, stream) }
        if !stream.appendBody(request.body, request.body.count) {
            application.refuse(exchange, .bodyTooLarge)
        }
        connection.holdBody(stream.requestBodyLength)
    }

    /// Offers a streamed body in pieces, as frames bring it.
    private func feed(_ body: [UInt8], _ stream: Stream) {
        let exchange = Exchange(stream: stream)
        var position = 0
        while position < body.count, stream.status == 0 {
            if position + Limits.frameBytes > stream.maxRequestBody,
                body.count > stream.maxRequestBody
            {
                return application.refuse(exchange, .bodyTooLarge)
            }
            let end = min(position + Limits.frameBytes, body.count)
            // SAFETY: the application looks at the piece during the call only.
            let taken = body[position..<end].withUnsafeBytes { application.receive(exchange, $0) }
            position += taken
            if position < end, stream.status == 0 { eventLoop.waitForMailbox() }
        }
    }

    private func collect(_ stream: Stream) -> ClientResponse {
        var response = ClientResponse()
        response.status = stream.status
        if !stream.body.hasMore, response.status != 204, response.status != 304 {
            Exchange(stream: stream).set(.contentLength, stream.body.total)
        }
        for index in 0..<stream.fieldsUsed {
            let slice = stream.fields[index]
            // SAFETY: the value lies in the slot, which is released after this.
            let value = UnsafeBufferPointer(start: slice.value, count: slice.length)
            response.fields.append(
                HeaderField("\(slice.field.name)", String(decoding: value, as: UTF8.self)))
        }
        if stream.method == .head { stream.body.hasMore = false }
        if stream.body.retained != nil {
            connection.retainedBytes += stream.body.remaining
        }
        while true {
            eventLoop.loop.attached.detachAll(connection)
            if let retained = stream.body.retained, stream.method != .head {
                // SAFETY: the retained copy is the slot's; appending copies it.
                response.body.append(
                    contentsOf: UnsafeRawBufferPointer(
                        start: retained, count: stream.body.remaining))
                connection.retainedBytes -= stream.body.remaining
                stream.body.remaining = 0
            }
            if stream.body.isBroken { return ClientResponse() }
            if !stream.body.hasMore || stream.body.isResting { return response }
            Connection.refill(stream)
        }
    }
}
