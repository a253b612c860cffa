import CNghttp2
import Glibc

/// Sending: from an answered exchange to HEADERS and DATA frames.
extension UnsafeMutablePointer where Pointee == Connection {
    /// Hands a response to nghttp2.
    func submit(_ stream: UnsafeMutablePointer<Stream>) {
        precondition(stream.pointee.status != 0, "an exchange must be answered or suspended")
        stream.pointee.phase = .submitted
        pointee.state.pointee.counters.answered(stream.pointee.status)
        if stream.pointee.method == .head { stream.pointee.body.isOmitted = true }
        if stream.pointee.body.retained != nil {
            pointee.retainedBytes += stream.pointee.body.remaining
        }
        if pointee.standing == .hungUp { return release(stream) }
        addLength(stream)
        let isEmpty =
            stream.pointee.body.isOmitted
            || (stream.pointee.body.total == 0 && !stream.pointee.body.hasMore)
        if isEmpty { omitBody(stream) }
        if pointee.standing != .open {
            stream.pointee.isUnsent = true
            return
        }
        let count = prepareFields(stream)
        let fields = pointee.state.pointee.fields
        if !stream.pointee.isComplete { holdEnd(stream) }
        // nginx takes HEADERS that end a stream for an answer of length 0, whatever content-length
        // says: after HEAD an empty DATA frame ends it.
        if isEmpty, !stream.pointee.holdsEnd, stream.pointee.method != .head {
            nghttp2_submit_response(pointee.session, stream.pointee.id, fields, count, nil)
            return
        }
        var provider = nghttp2_data_provider()
        provider.source.ptr = UnsafeMutableRawPointer(stream)
        provider.read_callback = { _, _, _, length, flags, source, _ in
            // SAFETY: nghttp2 reads only from streams that are open, whose slots are in use.
            UnsafeMutablePointer<Connection>.readData(
                source!.pointee.ptr.assumingMemoryBound(to: Stream.self), length, flags!)
        }
        nghttp2_submit_response(pointee.session, stream.pointee.id, fields, count, &provider)
    }

    private func omitBody(_ stream: UnsafeMutablePointer<Stream>) {
        if stream.pointee.body.retained != nil {
            pointee.retainedBytes -= stream.pointee.body.remaining
        }
        stream.pointee.body.remaining = 0
        stream.pointee.body.pieceCount = 0
        stream.pointee.body.hasMore = false
    }

    @inline(__always)
    private func addLength(_ stream: UnsafeMutablePointer<Stream>) {
        if stream.pointee.body.hasMore || stream.pointee.status == 204
            || stream.pointee.status == 304
        {
            return
        }
        Exchange(stream: stream).set(.contentLength, stream.pointee.body.total)
    }

    /// Writes the response's fields as nghttp2 wants them; names and values are not copied:
    /// names are static, values stay in the slot until the stream closes.
    @inline(__always)
    func prepareFields(_ stream: UnsafeMutablePointer<Stream>) -> Int {
        let state = pointee.state
        let fields = state.pointee.fields
        let keepNames =
            UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
            | UInt8(NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
        fields[0] = nghttp2_nv(
            name: Self.statusName, value: state.pointee.text(of: stream.pointee.status),
            namelen: 7, valuelen: 3, flags: keepNames)
        let count = stream.pointee.fieldsUsed
        for index in 0..<count {
            let slice = stream.pointee.fields[index]
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

    /// nghttp2 asks how much of a body it may frame: `length` bytes at most.
    private static func readData(
        _ stream: UnsafeMutablePointer<Stream>, _ length: Int, _ flags: UnsafeMutablePointer<UInt32>
    ) -> Int {
        if stream.pointee.body.remaining == 0, stream.pointee.body.hasMore { refill(stream) }
        if stream.pointee.body.isBroken {
            return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
        let remaining = stream.pointee.body.remaining
        flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
        if remaining > length { return length }
        if stream.pointee.holdsEnd {
            return remaining == 0 ? Int(NGHTTP2_ERR_DEFERRED.rawValue) : remaining
        }
        if !stream.pointee.body.hasMore { flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
        return remaining
    }

    /// Asks the application for the next portion of a body.
    static func refill(_ stream: UnsafeMutablePointer<Stream>) {
        let body = stream.pointee.body
        // SAFETY: everything of the retained copy was sent.
        if let retained = body.retained { free(retained) }
        stream.pointee.body.retained = nil
        let state = stream.pointee.connection!.pointee.state
        repeat {
            stream.pointee.body.hasMore = false
            state.call { $0.refill(Exchange(stream: stream)) }
        } while stream.pointee.body.remaining == 0 && stream.pointee.body.hasMore
    }

    /// nghttp2 has framed `length` bytes of a body: gather them.
    func sendData(
        _ header: UnsafePointer<UInt8>, _ length: Int, _ source: UnsafeMutableRawPointer?
    ) -> Int32 {
        let state = pointee.state
        // SAFETY: the source was set by `submit`; the stream is open while it is sent.
        let stream = source.unsafelyUnwrapped.assumingMemoryBound(to: Stream.self)
        guard state.pointee.batch.isOpen,
            state.pointee.batch.hasRoom(forData: length, of: stream)
        else { return NGHTTP2_ERR_WOULDBLOCK.rawValue }
        state.pointee.batch.copy(header, 9)
        state.pointee.gather(stream, length)
        return 0
    }
}
