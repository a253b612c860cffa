import CNghttp2
import Glibc

/// Sending: from an answered exchange to HEADERS and DATA frames.
extension Connection {
    /// Hands a response to nghttp2.
    func submit(_ stream: Stream) {
        precondition(stream.status != 0, "an exchange must be answered or suspended")
        stream.phase = .submitted
        self.loop.times.note(stream)
        if stream.method == .head { stream.body.isOmitted = true }
        if stream.body.retained != nil {
            self.retainedBytes += stream.body.remaining
        }
        if self.standing == .hungUp { return release(stream) }
        addLength(stream)
        let isEmpty =
            stream.body.isOmitted
            || (stream.body.total == 0 && !stream.body.hasMore)
        if isEmpty { omitBody(stream) }
        if self.standing != .open {
            stream.isUnsent = true
            return
        }
        placeAnswer(stream)
        let count = prepareFields(stream)
        let fields = self.loop.fields
        if !stream.isComplete { holdEnd(stream) }
        // nginx takes HEADERS that end a stream for an answer of length 0, whatever content-length
        // says: after HEAD an empty DATA frame ends it.
        if isEmpty, !stream.holdsEnd, stream.method != .head {
            nghttp2_submit_response(self.session, stream.id, fields, count, nil)
            return
        }
        var provider = nghttp2_data_provider()
        provider.source.ptr = stream.address
        provider.read_callback = { _, _, _, length, flags, source, _ in
            // SAFETY: nghttp2 reads only from streams that are open, whose slots are in use.
            Connection.readData(
                Stream(address: source!.pointee.ptr), length, flags!)
        }
        nghttp2_submit_response(self.session, stream.id, fields, count, &provider)
    }

    private func omitBody(_ stream: Stream) {
        if stream.body.retained != nil {
            self.retainedBytes -= stream.body.remaining
        }
        stream.body.remaining = 0
        stream.body.pieceCount = 0
        stream.body.hasMore = false
    }

    @inline(__always)
    private func addLength(_ stream: Stream) {
        if stream.body.hasMore || stream.status == 204
            || stream.status == 304
        {
            return
        }
        Exchange(stream: stream).set(.contentLength, stream.body.total)
    }

    /// Writes the response's fields as nghttp2 wants them; names and values are not copied:
    /// names are static, values stay in the slot until the stream closes.
    @inline(__always)
    func prepareFields(_ stream: Stream) -> Int {
        let loop = self.loop
        let fields = loop.fields
        let keepNames =
            UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
            | UInt8(NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
        fields[0] = nghttp2_nv(
            name: Self.statusName, value: loop.text(of: stream.status),
            namelen: 7, valuelen: 3, flags: keepNames)
        let count = stream.fieldsUsed
        for index in 0..<count {
            let slice = stream.fields[index]
            let name = slice.field.name
            fields[index + 1] = nghttp2_nv(
                name: UnsafeMutablePointer<UInt8>(mutating: name.utf8Start),
                value: UnsafeMutablePointer<UInt8>(mutating: slice.value),
                namelen: name.utf8CodeUnitCount,
                valuelen: slice.length,
                flags: slice.field.isIndexed
                    ? keepNames : keepNames | UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue))
        }
        return count + 1
    }

    private static var statusName: UnsafeMutablePointer<UInt8> {
        let name: StaticString = ":status"
        return UnsafeMutablePointer<UInt8>(mutating: name.utf8Start)
    }

    /// nghttp2 asks how long a DATA frame may be, windows aside.
    @inline(__always)
    func frameLength(_ peerFrameBytes: Int) -> Int {
        if peerFrameBytes == Limits.frameBytes { return Limits.frameBytes }
        // nghttp2 takes another buffer, which is the connection's to the end.
        self.frameBuffer = nil
        return Swift.min(peerFrameBytes, Limits.dataFrameBytes)
    }

    /// nghttp2 asks how much of a body it may frame: `length` bytes at most.
    private static func readData(
        _ stream: Stream, _ length: Int, _ flags: UnsafeMutablePointer<UInt32>
    ) -> Int {
        if stream.body.remaining == 0, stream.body.hasMore, !stream.body.isResting {
            // The socket takes no more of it now: the next portion is asked for when it does.
            if stream.body.isFitted, stream.connection!.sendRoom < Limits.leastAllowanceBytes {
                return Int(NGHTTP2_ERR_PAUSE.rawValue)
            }
            refill(stream)
        }
        if stream.body.isBroken {
            return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
        let remaining = stream.body.remaining
        flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
        if remaining > length { return length }
        if remaining == 0, stream.body.isResting { return Int(NGHTTP2_ERR_DEFERRED.rawValue) }
        if stream.holdsEnd {
            return remaining == 0 ? Int(NGHTTP2_ERR_DEFERRED.rawValue) : remaining
        }
        if !stream.body.hasMore { flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
        return remaining
    }

    /// Asks the application for the next portion of a body.
    static func refill(_ stream: Stream) {
        let body = stream.body
        // SAFETY: everything of the retained copy was sent.
        if let retained = body.retained { free(retained) }
        stream.body.retained = nil
        stream.body.retainedOffset = 0
        let connection = stream.connection!
        repeat {
            stream.body.hasMore = false
            connection.loop.call { $0.refill(Exchange(stream: stream)) }
        } while stream.body.remaining == 0 && stream.body.hasMore && !stream.body.isResting
        if stream.body.retained != nil { connection.retainedBytes += stream.body.remaining }
    }

    /// nghttp2 has framed `length` bytes of a body: gather them.
    func sendData(
        _ header: UnsafePointer<UInt8>, _ length: Int, _ source: UnsafeMutableRawPointer?
    ) -> Int32 {
        let loop = self.loop
        // SAFETY: the source was set by `submit`; the stream is open while it is sent.
        let stream = Stream(address: source.unsafelyUnwrapped)
        guard loop.batch.isOpen,
            loop.batch.hasRoom(forData: length, of: stream)
        else { return NGHTTP2_ERR_WOULDBLOCK.rawValue }
        loop.batch.copy(header, 9)
        loop.attached.gather(stream, length, into: &loop.batch)
        return 0
    }
}
