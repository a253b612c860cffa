import CNghttp2
import Glibc

/// Receiving: from frames to complete requests.
extension Connection {
    func beginHeaders(_ frame: SessionFrame) -> Int32 {
        guard frame.beginsRequest else {
            self.receiving = nil
            return 0
        }
        let stream = self.loop.pool.acquire()
        stream.id = frame.streamID
        stream.connection = self
        stream.phase = .receiving
        stream.elder = self.streams
        self.streams?.younger = stream
        self.streams = stream
        // The first request of a while starts the clock; later ones do not set it back.
        if self.openStreams == 0 { self.workedAt = self.loop.now }
        self.openStreams += 1
        self.receiving = stream
        nghttp2_session_set_stream_user_data(self.session, frame.streamID, stream.address)
        return 0
    }

    func header(
        _ frame: SessionFrame, _ name: UnsafePointer<UInt8>, _ nameLength: Int,
        _ value: UnsafePointer<UInt8>, _ valueLength: Int
    ) -> Int32 {
        guard let stream = self.receiving else {
            if !MessageRules.checkTrailer(name, nameLength, value, valueLength) {
                reset(frame.streamID)
            }
            return 0
        }
        if stream.phase == .malformed { return 0 }
        if !stream.rules.check(name, nameLength, value, valueLength) {
            stream.phase = .malformed
            reset(stream.id)
            return 0
        }
        stream.fieldCount += 1
        stream.fieldSectionBytes += nameLength + valueLength + 32
        if stream.fieldSectionBytes > Limits.maxFieldSectionBytes
            || stream.fieldCount > Limits.maxFields
        {
            stream.refusal = .fieldsTooLarge
            // Far past the limit nobody reads the answer: have nghttp2 reset the stream.
            return stream.fieldSectionBytes > 4 * Limits.maxFieldSectionBytes
                ? Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) : 0
        }
        if nameLength == 7, name[0] == 0x3A, name[1] == 0x6D {  // :method
            // SAFETY: nghttp2 keeps `value` alive through the callback.
            stream.method = Method(
                UnsafeRawBufferPointer(start: value, count: valueLength))
        } else if let field = RequestField.named(name, nameLength) {
            stream.keep(field, value, valueLength)
        }
        return 0
    }

    func frameReceived(_ frame: SessionFrame) -> Int32 {
        switch frame.type {
        case NGHTTP2_HEADERS:
            if let stream = self.receiving, stream.id == frame.streamID {
                self.receiving = nil
                fieldsReceived(stream, frame.endsStream)
            } else if !frame.endsStream {
                reset(frame.streamID)
            } else if let stream = stream(frame.streamID) {
                requestComplete(stream)
            }
        case NGHTTP2_DATA:
            if frame.endsStream, let stream = stream(frame.streamID) {
                requestComplete(stream)
            } else if frame.length == 0 {
                spendControlFrame()
            }
        case NGHTTP2_SETTINGS:
            if frame.isAcknowledgement {
                self.gotSettingsAck = true
            } else {
                checkWindows(frame.settings)
            }
        case NGHTTP2_PRIORITY_UPDATE: priorityUpdated(frame)
        default: break
        }
        return 0
    }

    private func fieldsReceived(_ stream: Stream, _ ends: Bool) {
        if stream.phase == .malformed { return }
        if !stream.rules.isComplete {
            stream.phase = .malformed
            return reset(stream.id)
        }
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
        // SAFETY: static strings are never freed, and nghttp2 changes nothing of them.
        func text(_ text: StaticString) -> UnsafeMutablePointer<UInt8> {
            UnsafeMutablePointer<UInt8>(mutating: text.utf8Start)
        }
        var status = nghttp2_nv(
            name: text(":status"), value: text("100"), namelen: 7, valuelen: 3, flags: 0)
        nghttp2_submit_headers(
            self.session, 0, stream.id, nil, &status, 1, nil)
    }

    private func requestComplete(_ stream: Stream) {
        stream.isComplete = true
        guard stream.phase == .receiving else {
            if !stream.rules.isBodyComplete { return resetAnswered(stream) }
            return endAnswer(stream)
        }
        if !stream.rules.isBodyComplete {
            stream.phase = .malformed
            return reset(stream.id)
        }
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

    func dataReceived(
        _ id: Int32, _ bytes: UnsafePointer<UInt8>, _ length: Int
    ) -> Int32 {
        self.workedAt = self.loop.now
        if let stream = stream(id), stream.isStreamed, stream.phase == .receiving {
            // SAFETY: nghttp2 lends the bytes for this callback; they are handed on during it.
            streamedDataReceived(stream, UnsafeRawBufferPointer(start: bytes, count: length))
            return 0
        }
        // The bytes are copied or dropped here: either way the peer may send as many again.
        nghttp2_session_consume(self.session, id, length)
        guard let stream = stream(id) else { return 0 }
        guard stream.phase == .receiving else {
            drop(length, of: stream)
            return 0
        }
        if !stream.rules.receive(length) {
            stream.phase = .malformed
            reset(id)
        } else if !hasRoom(forBody: length) {
            refuse(stream, .bodyBudget)
        } else if stream.appendBody(bytes, length) {
            holdBody(length)
            noteBodyProgress(stream, length)
        } else {
            refuse(stream, .bodyTooLarge)
        }
        return 0
    }

    /// A request that was answered early turns out to be malformed: its body is not as long as it said.
    func resetAnswered(_ stream: Stream) {
        if stream.phase == .malformed { return }
        if stream.phase == .waiting {
            self.waiting.remove(stream)
            stream.phase = .malformed
        }
        reset(stream.id)
    }

    /// A malformed request is a stream error (RFC 9113 §8.1.1).
    func reset(_ id: Int32) {
        nghttp2_submit_rst_stream(
            self.session, 0, id, UInt32(NGHTTP2_PROTOCOL_ERROR.rawValue))
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

    func stream(_ id: Int32) -> Stream? {
        // SAFETY: only `beginHeaders` sets it, to a slot that is in use until the stream closes.
        nghttp2_session_get_stream_user_data(self.session, id)
            .map { Stream(address: $0) }
    }

    func streamClosed(_ id: Int32) -> Int32 {
        // Never anything but 0: a failure here leaks in this nghttp2 (CVE-2023-35945).
        if let stream = stream(id) { release(stream) }
        return 0
    }

    /// Ends a stream: its slot and all it owned are free again.
    func release(_ stream: Stream) {
        if stream.phase == .waiting { self.waiting.remove(stream) }
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
        self.loop.pool.release(stream)
    }
}
