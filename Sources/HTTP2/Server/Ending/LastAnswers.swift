import CNghttp2
import Glibc

/// What is still said on a connection whose nghttp2 session is at an end: GOAWAY, and the answers to
/// what was accepted.
///
/// nghttp2 sends no response once it has met a connection error. Here they are put into frames
/// without it: field sections from a compressor of their own that refers to nothing earlier
/// (RFC 7541 §4.2: it begins by emptying the table), DATA as far as the windows go that the client
/// had opened. Nothing that comes later is looked at, so no window opens any more.
struct LastAnswersState {
    let farewell: Farewell
    let lastStream: Int32
    /// Bytes of DATA that the client's window for the connection has room for; nil before the GOAWAY.
    fileprivate var window: Int?
    fileprivate var deflater: OpaquePointer?

    init(_ farewell: Farewell, _ lastStream: Int32) {
        self.farewell = farewell
        self.lastStream = lastStream
        nghttp2_hd_deflate_new(&deflater, 0)
    }
}

/// The last answers of a connection.
struct LastAnswers: Handle {
    let pointer: UnsafeMutablePointer<LastAnswersState>

    /// Returns the memory.
    func deallocateAll() {
        nghttp2_hd_deflate_del(self.deflater)
        deallocate()
    }
}

extension Connection {
    /// Moves as many of the last answers into the send batch as it has room for.
    func gatherLastAnswers(_ last: LastAnswers) {
        if last.window == nil {
            last.window = Int(nghttp2_session_get_remote_window_size(self.session))
            copy(last.farewell.frame(lastStream: last.lastStream))
            resetIncomplete()
        }
        var next = self.streams
        while let stream = next, self.loop.batch.isOpen {
            next = stream.elder
            guard stream.phase == .submitted else { continue }
            if stream.isUnsent, !gatherFields(of: stream, last) {
                release(stream)
                continue
            }
            gatherBody(of: stream, last)
        }
    }

    /// Whether an answer is still to be given.
    var awaitsLastAnswers: Bool {
        var next = self.streams
        while let stream = next {
            if stream.phase == .waiting || stream.awaitsApplication { return true }
            next = stream.elder
        }
        return false
    }

    /// Requests that have not come whole will not be carried out: REFUSED_STREAM says that their clients
    /// may send them again (RFC 9113 §8.7).
    private func resetIncomplete() {
        var next = self.streams
        while let stream = next {
            next = stream.elder
            if stream.isComplete || stream.status != 0 { continue }
            let isMalformed = stream.phase == .malformed
            let code = isMalformed ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_REFUSED_STREAM
            copy(FrameBytes.reset(stream.id, code))
            release(stream)
        }
    }

    /// - Returns: false when the fields cannot be sent.
    private func gatherFields(
        of stream: Stream, _ last: LastAnswers
    ) -> Bool {
        stream.isUnsent = false
        let count = prepareFields(stream)
        let fields = self.loop.fields
        var block = [UInt8](repeating: 0, count: Limits.frameBytes)
        let length = nghttp2_hd_deflate_hd(
            last.deflater, &block, block.count, fields, count)
        if length < 0 { return false }
        let isAll = stream.body.remaining == 0 && !stream.body.hasMore
        var flags = UInt8(NGHTTP2_FLAG_END_HEADERS.rawValue)
        if isAll { flags |= UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) }
        copy(FrameBytes.head(length, UInt8(NGHTTP2_HEADERS.rawValue), flags, stream.id))
        copy(Array(block[0..<length]))
        return !isAll
    }

    private func gatherBody(
        of stream: Stream, _ last: LastAnswers
    ) {
        while self.loop.batch.isOpen {
            if stream.body.remaining == 0 {
                if stream.body.hasMore {
                    Self.refill(stream)
                } else if !stream.holdsEnd, stream.method != .head {
                    // The end of an answer is sent with its last bytes, but where it is held back, and
                    // after HEAD.
                    return
                }
            }
            if stream.body.isBroken {
                copy(FrameBytes.reset(stream.id, NGHTTP2_INTERNAL_ERROR))
                return release(stream)
            }
            let remaining = stream.body.remaining
            let window = Swift.min(last.window ?? 0, windowLeft(of: stream))
            let length = Swift.min(remaining, Limits.frameBytes, Swift.max(window, 0))
            let ends = length == remaining && !stream.body.hasMore
            if length == 0, !ends { return }
            guard self.loop.batch.hasRoom(forData: length, of: stream) else { return }
            let flags = ends ? UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) : 0
            copy(FrameBytes.head(length, UInt8(NGHTTP2_DATA.rawValue), flags, stream.id))
            self.loop.attached.gather(stream, length, into: &self.loop.batch)
            last.window! -= length
            stream.sentLast += length
            if ends { return release(stream) }
        }
    }

    private func windowLeft(of stream: Stream) -> Int {
        let window = nghttp2_session_get_stream_remote_window_size(
            self.session, stream.id)
        return Int(window) - stream.sentLast
    }

    private func copy(_ bytes: [UInt8]) {
        // SAFETY: copied before the closure returns.
        bytes.withUnsafeBytes { self.loop.batch.copy($0.baseAddress!, $0.count) }
    }
}
