import CNghttp2
import Glibc

/// Receiving: from frames to complete requests.
extension UnsafeMutablePointer where Pointee == Connection {
    func beginHeaders(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        guard frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else {
            pointee.receiving = nil
            return 0
        }
        let stream = pointee.state.pointee.pool.acquire()
        stream.pointee.id = frame.pointee.hd.stream_id
        stream.pointee.connection = self
        stream.pointee.phase = .receiving
        stream.pointee.elder = pointee.streams
        pointee.streams?.pointee.younger = stream
        pointee.streams = stream
        // The first request of a while starts the clock; later ones do not set it back.
        if pointee.openStreams == 0 { pointee.workedAt = pointee.state.pointee.now }
        pointee.openStreams += 1
        pointee.receiving = stream
        nghttp2_session_set_stream_user_data(pointee.session, frame.pointee.hd.stream_id, stream)
        return 0
    }

    func header(
        _ frame: UnsafePointer<nghttp2_frame>, _ name: UnsafePointer<UInt8>, _ nameLength: Int,
        _ value: UnsafePointer<UInt8>, _ valueLength: Int
    ) -> Int32 {
        guard let stream = pointee.receiving else {
            if !MessageRules.checkTrailer(name, nameLength, value, valueLength) {
                reset(frame.pointee.hd.stream_id)
            }
            return 0
        }
        if stream.pointee.phase == .malformed { return 0 }
        if !stream.pointee.rules.check(name, nameLength, value, valueLength) {
            stream.pointee.phase = .malformed
            reset(stream.pointee.id)
            return 0
        }
        stream.pointee.fieldCount += 1
        stream.pointee.fieldSectionBytes += nameLength + valueLength + 32
        if stream.pointee.fieldSectionBytes > Limits.maxFieldSectionBytes
            || stream.pointee.fieldCount > Limits.maxFields
        {
            stream.pointee.refusal = .fieldsTooLarge
            // Far past the limit nobody reads the answer: have nghttp2 reset the stream.
            return stream.pointee.fieldSectionBytes > 4 * Limits.maxFieldSectionBytes
                ? Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) : 0
        }
        if nameLength == 7, name[0] == 0x3A, name[1] == 0x6D {  // :method
            // SAFETY: nghttp2 keeps `value` alive through the callback.
            stream.pointee.method = Method(
                UnsafeRawBufferPointer(start: value, count: valueLength))
        } else if let field = RequestField.named(name, nameLength) {
            stream.keep(field, value, valueLength)
        }
        return 0
    }

    func frameReceived(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
        let header = frame.pointee.hd
        let ends = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            if let stream = pointee.receiving, stream.pointee.id == header.stream_id {
                pointee.receiving = nil
                fieldsReceived(stream, ends)
            } else if !ends {
                reset(header.stream_id)
            } else if let stream = stream(header.stream_id) {
                requestComplete(stream)
            }
        case NGHTTP2_DATA.rawValue:
            if ends, let stream = stream(header.stream_id) {
                requestComplete(stream)
            } else if header.length == 0 {
                spendControlFrame()
            }
        case NGHTTP2_SETTINGS.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 {
                pointee.gotSettingsAck = true
            } else {
                checkWindows(frame.pointee.settings)
            }
        default: break
        }
        return 0
    }

    private func fieldsReceived(_ stream: UnsafeMutablePointer<Stream>, _ ends: Bool) {
        if stream.pointee.phase == .malformed { return }
        if !stream.pointee.rules.isComplete {
            stream.pointee.phase = .malformed
            return reset(stream.pointee.id)
        }
        if ends { return requestComplete(stream) }
        restartBodyClock(stream)
        let exchange = Exchange(stream: stream)
        pointee.state.call {
            if let refusal = stream.pointee.refusal {
                $0.refuse(exchange, refusal)
            } else {
                $0.admit(exchange)
            }
        }
        if stream.pointee.status != 0 { enqueue(stream) } else { answerExpectation(stream) }
    }

    /// A client that asks before it sends its body is told to go on (RFC 9110 §10.1.1): curl, and
    /// through proxies many others, would wait a second for that.
    private func answerExpectation(_ stream: UnsafeMutablePointer<Stream>) {
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
            pointee.session, 0, stream.pointee.id, nil, &status, 1, nil)
    }

    private func requestComplete(_ stream: UnsafeMutablePointer<Stream>) {
        stream.pointee.isComplete = true
        guard stream.pointee.phase == .receiving else {
            if !stream.pointee.rules.isBodyComplete { return resetAnswered(stream) }
            return endAnswer(stream)
        }
        if !stream.pointee.rules.isBodyComplete {
            stream.pointee.phase = .malformed
            return reset(stream.pointee.id)
        }
        // The end waits for its turn behind what the application has not taken yet.
        if stream.pointee.isStreamed, stream.pointee.requestBodyLength > 0 { return }
        if let refusal = stream.pointee.refusal {
            pointee.state.call { $0.refuse(Exchange(stream: stream), refusal) }
        }
        enqueue(stream)
    }

    @inline(__always)
    func enqueue(_ stream: UnsafeMutablePointer<Stream>) {
        stream.pointee.phase = .waiting
        pointee.waiting.append(stream)
    }

    func dataReceived(
        _ id: Int32, _ bytes: UnsafePointer<UInt8>, _ length: Int
    ) -> Int32 {
        pointee.workedAt = pointee.state.pointee.now
        if let stream = stream(id), stream.pointee.isStreamed, stream.pointee.phase == .receiving {
            // SAFETY: nghttp2 lends the bytes for this callback; they are handed on during it.
            streamedDataReceived(stream, UnsafeRawBufferPointer(start: bytes, count: length))
            return 0
        }
        // The bytes are copied or dropped here: either way the peer may send as many again.
        nghttp2_session_consume(pointee.session, id, length)
        guard let stream = stream(id) else { return 0 }
        guard stream.pointee.phase == .receiving else {
            drop(length, of: stream)
            return 0
        }
        if !stream.pointee.rules.receive(length) {
            stream.pointee.phase = .malformed
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
    func resetAnswered(_ stream: UnsafeMutablePointer<Stream>) {
        if stream.pointee.phase == .malformed { return }
        if stream.pointee.phase == .waiting {
            pointee.waiting.remove(stream)
            stream.pointee.phase = .malformed
        }
        reset(stream.pointee.id)
    }

    /// A malformed request is a stream error (RFC 9113 §8.1.1).
    func reset(_ id: Int32) {
        nghttp2_submit_rst_stream(
            pointee.session, 0, id, UInt32(NGHTTP2_PROTOCOL_ERROR.rawValue))
    }

    /// Has the application refuse a request whose body is on its way; what came of it is freed at
    /// once, for its client may keep the stream open.
    func refuse(_ stream: UnsafeMutablePointer<Stream>, _ refusal: Refusal) {
        if stream.pointee.isStreamed { return refuseRest(stream, 0, refusal) }
        pointee.state.call { $0.refuse(Exchange(stream: stream), refusal) }
        releaseBody(stream.pointee.requestBodyLength)
        stream.dropBody()
        enqueue(stream)
    }

    func stream(_ id: Int32) -> UnsafeMutablePointer<Stream>? {
        // SAFETY: only `beginHeaders` sets it, to a slot that is in use until the stream closes.
        nghttp2_session_get_stream_user_data(pointee.session, id)?
            .assumingMemoryBound(to: Stream.self)
    }

    func streamClosed(_ id: Int32) -> Int32 {
        // Never anything but 0: a failure here leaks in this nghttp2 (CVE-2023-35945).
        if let stream = stream(id) { release(stream) }
        return 0
    }

    /// Ends a stream: its slot and all it owned are free again.
    func release(_ stream: UnsafeMutablePointer<Stream>) {
        if stream.pointee.phase == .waiting { pointee.waiting.remove(stream) }
        if pointee.receiving == stream { pointee.receiving = nil }
        if stream.pointee.holdsEnd { pointee.state.pointee.heldEnds -= 1 }
        if stream.pointee.isStreamed {
            pointee.state.call { $0.streamEnded(Exchange(stream: stream)) }
        }
        if stream.pointee.body.retained != nil {
            pointee.retainedBytes -= stream.pointee.body.remaining
        }
        releaseBody(stream.pointee.requestBodyLength)
        let (elder, younger) = (stream.pointee.elder, stream.pointee.younger)
        elder?.pointee.younger = younger
        if let younger { younger.pointee.elder = elder } else { pointee.streams = elder }
        pointee.openStreams -= 1
        pointee.state.pointee.pool.release(stream)
    }
}
