import CNghttp2
import Glibc

/// Receiving: from frames to complete requests.
extension Connection {
    /// A request's HEADERS have come: its stream is open.
    @inline(__always)
    func openStream(_ id: Int32) {
        let stream = self.loop.pool.acquire()
        stream.id = id
        stream.connection = self
        stream.phase = .receiving
        stream.window = self.peerWindow
        stream.elder = self.streams
        self.streams?.younger = stream
        self.streams = stream
        self.byID.insert(stream)
        // The first request of a while starts the clock; later ones do not set it back.
        if self.openStreams == 0 { self.workedAt = self.loop.now }
        self.openStreams += 1
        self.requestsOpened += 1
        self.receiving = stream
        self.lastStream = id
    }

    /// A field of a request.
    func header(
        _ name: UnsafePointer<UInt8>, _ nameLength: Int, _ value: UnsafePointer<UInt8>,
        _ valueLength: Int
    ) {
        guard let stream = self.receiving, stream.phase != .reset else { return }
        if !stream.rules.check(name, nameLength, value, valueLength) { return reset(stream) }
        stream.fieldCount += 1
        stream.fieldSectionBytes += nameLength + valueLength + 32
        if stream.fieldSectionBytes > Limits.maxFieldSectionBytes
            || stream.fieldCount > Limits.maxFields
        {
            stream.refusal = .fieldsTooLarge
            // Far past the limit nobody reads the answer.
            if stream.fieldSectionBytes > 4 * Limits.maxFieldSectionBytes {
                reset(stream, NGHTTP2_INTERNAL_ERROR)
            }
            return
        }
        if nameLength == 7, name[0] == 0x3A, name[1] == 0x6D {  // :method
            // SAFETY: the decoder keeps `value` while the field is looked at.
            stream.method = Method(
                UnsafeRawBufferPointer(start: value, count: valueLength))
        } else if let field = RequestField.named(name, nameLength) {
            stream.keep(field, value, valueLength)
        }
    }

    /// A field behind a body.
    func trailer(
        _ name: UnsafePointer<UInt8>, _ nameLength: Int, _ value: UnsafePointer<UInt8>,
        _ valueLength: Int
    ) {
        guard let stream = stream(self.input.section.stream), stream.phase != .reset else { return }
        self.input.section.trailerBytes += nameLength + valueLength + 32
        if self.input.section.trailerBytes > Limits.maxFieldSectionBytes {
            return reset(stream, NGHTTP2_INTERNAL_ERROR)
        }
        if !MessageRules.checkTrailer(name, nameLength, value, valueLength) { reset(stream) }
    }

    /// A request's field section has come.
    @inline(__always)
    func fieldsReceived(_ stream: Stream, _ ends: Bool) {
        if stream.phase == .reset { return }
        if !stream.rules.isComplete { return reset(stream) }
        if self.hasPriorities || stream.present & RequestField.priority.bit != 0 {
            takePriority(stream)
        }
        if ends { return requestComplete(stream) }
        restartBodyClock(stream)
        let exchange = Exchange(stream: stream)
        self.loop.renew()
        self.loop.call {
            if let refusal = stream.refusal {
                $0.refuse(exchange, refusal)
            } else {
                $0.admit(exchange)
            }
        }
        if stream.status != 0 { enqueue(stream) } else { answerExpectation(stream) }
    }

    /// A client that asks before it sends its body is told to go on (RFC 9110 §10.1.1): curl, and
    /// through proxies many others, would wait a second for that.
    private func answerExpectation(_ stream: Stream) {
        guard let expectation = stream.field(.expect),
            expectation.elementsEqual("100-continue".utf8, by: { $0 | 0x20 == $1 | 0x20 })
        else { return }
        stream.awaitsContinue = true
        self.continueCount += 1
    }

    /// The client has ended a stream.
    func requestComplete(_ stream: Stream) {
        stream.isComplete = true
        guard stream.phase == .receiving else {
            // Its body is not as long as it said.
            if !stream.rules.isBodyComplete { return reset(stream) }
            if stream.hasEnded { return release(stream) }
            return endAnswer(stream)
        }
        if !stream.rules.isBodyComplete { return reset(stream) }
        // The end waits for its turn behind what the application has not taken yet.
        if stream.isStreamed, stream.requestBodyLength > 0 { return }
        if let refusal = stream.refusal {
            self.loop.call { $0.refuse(Exchange(stream: stream), refusal) }
        }
        enqueue(stream)
    }

    @inline(__always)
    func enqueue(_ stream: Stream) {
        stream.phase = .waiting
        if stream.completeAt == 0 { stream.completeAt = self.loop.nowMicroseconds }
        self.waiting.append(stream)
    }

    /// Bytes of a stream's body have come.
    func dataReceived(_ id: Int32, _ bytes: UnsafePointer<UInt8>, _ length: Int) {
        self.workedAt = self.loop.now
        guard let stream = stream(id) else { return }
        if stream.isStreamed, stream.phase == .receiving {
            // SAFETY: the receive buffer's bytes; they are handed on during the call.
            return streamedDataReceived(stream, UnsafeRawBufferPointer(start: bytes, count: length))
        }
        // The bytes are copied or dropped here: either way the peer may send as many again.
        open(stream, by: length)
        guard stream.phase == .receiving else { return drop(length, of: stream) }
        if !stream.rules.receive(length) {
            reset(stream)
        } else if !hasRoom(forBody: length) {
            refuse(stream, .bodyBudget)
        } else if stream.appendBody(bytes, length) {
            holdBody(length)
            noteBodyProgress(stream, length)
        } else {
            refuse(stream, .bodyTooLarge)
        }
    }

    /// Has the application refuse a request whose body is on its way; what came of it is freed at
    /// once, for its client may keep the stream open.
    func refuse(_ stream: Stream, _ refusal: Refusal) {
        if stream.isStreamed { return refuseRest(stream, 0, refusal) }
        self.loop.call { $0.refuse(Exchange(stream: stream), refusal) }
        releaseBody(stream.requestBodyLength)
        stream.dropBody()
        enqueue(stream)
    }

    /// The stream of an id that is open.
    @inline(__always)
    func stream(_ id: Int32) -> Stream? { self.byID.find(id) }

    /// Ends a stream: its slot and all it owned are free again.
    func release(_ stream: Stream) {
        if stream.phase == .waiting { self.waiting.remove(stream) }
        if stream.phase == .reset { self.resetCount -= 1 }
        if stream.awaitsContinue { self.continueCount -= 1 }
        if stream.isQueued { self.output.remove(stream) }
        if self.receiving == stream { self.receiving = nil }
        if stream.holdsEnd { self.loop.heldEnds -= 1 }
        if stream.isLong { self.longAnswers -= 1 }
        if stream.isStreamed {
            self.loop.call { $0.streamEnded(Exchange(stream: stream)) }
        }
        if stream.isObserved || stream.status == 0 {
            self.loop.times.streamEnded(stream, self.loop.owner.application)
        }
        if stream.body.retained != nil {
            self.retainedBytes -= stream.body.remaining
            self.loop.freedBytes += stream.body.remaining
        }
        self.loop.times.counters.addBytes(
            Int(stream.kind),
            received: stream.isStreamed ? stream.streamedBytes : stream.requestBodyLength,
            sent: stream.body.isOmitted ? 0 : stream.body.total)
        releaseBody(stream.requestBodyLength)
        let (elder, younger) = (stream.elder, stream.younger)
        elder?.younger = younger
        if let younger { younger.elder = elder } else { self.streams = elder }
        self.openStreams -= 1
        self.byID.remove(stream)
        self.loop.pool.release(stream)
    }
}
