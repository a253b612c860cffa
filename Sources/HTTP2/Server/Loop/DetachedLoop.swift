import CLinux
import Glibc

/// Answers requests without a socket: the application runs on the calling thread.
///
/// For tests of an application, and for programs that embed one. The request goes through the
/// same slots, limits and body sources as one that came over a connection.
public final class DetachedLoop {
    private let loop: EventLoop
    private let application: Application
    private let connection: UnsafeMutablePointer<Connection>

    /// Makes a loop without a thread.
    public init(application: Application) throws(TransportError) {
        self.application = application
        loop = try EventLoop(application: application)
        // SAFETY: freed in deinit; no session, so nothing else points to it.
        connection = .allocate(capacity: 1)
        connection.initialize(to: Connection(socket: -1, session: nil, state: loop.state))
    }

    deinit {
        application.idle()
        connection.deallocate()
    }

    /// Answers one request; waits when the application answers later.
    public func perform(_ request: ClientRequest) -> ClientResponse {
        let stream = loop.state.pointee.pool.acquire()
        stream.pointee.connection = connection
        stream.pointee.phase = .receiving
        connection.pointee.openStreams += 1
        connection.pointee.streams = stream
        defer { connection.release(stream) }
        receive(request, stream)
        while stream.pointee.status == 0 {
            stream.pointee.isComplete = true
            application.beginTurn()
            application.answer(Exchange(stream: stream))
            if stream.pointee.status != 0 { break }
            precondition(stream.pointee.phase == .pending, "an exchange is answered or suspended")
            while stream.pointee.phase == .pending { loop.waitForMailbox() }
        }
        return collect(stream)
    }

    private func receive(_ request: ClientRequest, _ stream: UnsafeMutablePointer<Stream>) {
        var method = request.method
        // SAFETY: read before the closure returns.
        stream.pointee.method = method.withUTF8 { Method(UnsafeRawBufferPointer($0)) }
        let all = [HeaderField(":path", request.path)] + request.fields
        for field in all {
            let name = Array(field.name.utf8)
            let value = Array(field.value.utf8)
            guard let kept = RequestField.named(name, name.count) else { continue }
            stream.keep(kept, value, value.count)
        }
        let exchange = Exchange(stream: stream)
        if let refusal = stream.pointee.refusal { return application.refuse(exchange, refusal) }
        if request.body.isEmpty { return }
        application.admit(exchange)
        if stream.pointee.status != 0 { return }
        if stream.pointee.isStreamed { return feed(request.body, stream) }
        if !stream.appendBody(request.body, request.body.count) {
            application.refuse(exchange, .bodyTooLarge)
        }
        connection.holdBody(stream.pointee.requestBodyLength)
    }

    /// Offers a streamed body in pieces, as frames bring it.
    private func feed(_ body: [UInt8], _ stream: UnsafeMutablePointer<Stream>) {
        let exchange = Exchange(stream: stream)
        var position = 0
        while position < body.count, stream.pointee.status == 0 {
            if position + Limits.frameBytes > stream.pointee.maxRequestBody,
                body.count > stream.pointee.maxRequestBody
            {
                return application.refuse(exchange, .bodyTooLarge)
            }
            let end = min(position + Limits.frameBytes, body.count)
            // SAFETY: the application looks at the piece during the call only.
            let taken = body[position..<end].withUnsafeBytes { application.receive(exchange, $0) }
            position += taken
            if position < end, stream.pointee.status == 0 { loop.waitForMailbox() }
        }
    }

    private func collect(_ stream: UnsafeMutablePointer<Stream>) -> ClientResponse {
        var response = ClientResponse()
        let state = loop.state
        response.status = stream.pointee.status
        if !stream.pointee.body.hasMore, response.status != 204, response.status != 304 {
            Exchange(stream: stream).set(.contentLength, stream.pointee.body.total)
        }
        for index in 0..<stream.pointee.fieldsUsed {
            let slice = stream.pointee.fields[index]
            // SAFETY: the value lies in the slot, which is released after this.
            let value = UnsafeBufferPointer(start: slice.value, count: slice.length)
            response.fields.append(
                HeaderField("\(slice.field.name)", String(decoding: value, as: UTF8.self)))
        }
        if stream.pointee.method == .head { stream.pointee.body.hasMore = false }
        if stream.pointee.body.retained != nil {
            connection.pointee.retainedBytes += stream.pointee.body.remaining
        }
        while true {
            state.pointee.detachAll(connection)
            if let retained = stream.pointee.body.retained, stream.pointee.method != .head {
                // SAFETY: the retained copy is the slot's; appending copies it.
                response.body.append(
                    contentsOf: UnsafeRawBufferPointer(
                        start: retained, count: stream.pointee.body.remaining))
                connection.pointee.retainedBytes -= stream.pointee.body.remaining
                stream.pointee.body.remaining = 0
            }
            if !stream.pointee.body.hasMore { return response }
            UnsafeMutablePointer<Connection>.refill(stream)
        }
    }
}
