import CNghttp2
import Glibc

/// What is still said on a connection whose nghttp2 session is at an end: GOAWAY, and the answers to
/// what was accepted.
///
/// nghttp2 sends no response once it has met a connection error. Here they are put into frames
/// without it: field sections from a compressor of their own that refers to nothing earlier
/// (RFC 7541 §4.2: it begins by emptying the table), DATA as far as the windows go that the client
/// had opened. Nothing that comes later is looked at, so no window opens any more.
struct LastAnswers {
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

    /// Returns the memory.
    func deallocate() { nghttp2_hd_deflate_del(deflater) }
}

extension UnsafeMutablePointer where Pointee == Connection {
    /// Moves as many of the last answers into the send batch as it has room for.
    func gatherLastAnswers(_ last: UnsafeMutablePointer<LastAnswers>) {
        if last.pointee.window == nil {
            last.pointee.window = Int(nghttp2_session_get_remote_window_size(pointee.session))
            copy(last.pointee.farewell.frame(lastStream: last.pointee.lastStream))
            resetIncomplete()
        }
        var next = pointee.streams
        while let stream = next, pointee.state.pointee.batch.isOpen {
            next = stream.pointee.elder
            guard stream.pointee.phase == .submitted else { continue }
            if stream.pointee.isUnsent, !gatherFields(of: stream, last) {
                release(stream)
                continue
            }
            gatherBody(of: stream, last)
        }
    }

    /// Whether an answer is still to be given.
    var awaitsLastAnswers: Bool {
        var next = pointee.streams
        while let stream = next {
            if stream.pointee.phase == .waiting || stream.pointee.awaitsApplication { return true }
            next = stream.pointee.elder
        }
        return false
    }

    /// Requests that have not come whole will not be carried out: REFUSED_STREAM says that their clients
    /// may send them again (RFC 9113 §8.7).
    private func resetIncomplete() {
        var next = pointee.streams
        while let stream = next {
            next = stream.pointee.elder
            if stream.pointee.isComplete || stream.pointee.status != 0 { continue }
            let isMalformed = stream.pointee.phase == .malformed
            let code = isMalformed ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_REFUSED_STREAM
            copy(FrameBytes.reset(stream.pointee.id, code))
            release(stream)
        }
    }

    /// - Returns: false when the fields cannot be sent.
    private func gatherFields(
        of stream: UnsafeMutablePointer<Stream>, _ last: UnsafeMutablePointer<LastAnswers>
    ) -> Bool {
        stream.pointee.isUnsent = false
        let count = prepareFields(stream)
        let fields = pointee.state.pointee.fields
        var block = [UInt8](repeating: 0, count: Limits.frameBytes)
        let length = nghttp2_hd_deflate_hd(
            last.pointee.deflater, &block, block.count, fields, count)
        if length < 0 { return false }
        let isAll = stream.pointee.body.remaining == 0 && !stream.pointee.body.hasMore
        var flags = UInt8(NGHTTP2_FLAG_END_HEADERS.rawValue)
        if isAll { flags |= UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) }
        copy(FrameBytes.head(length, UInt8(NGHTTP2_HEADERS.rawValue), flags, stream.pointee.id))
        copy(Array(block[0..<length]))
        return !isAll
    }

    private func gatherBody(
        of stream: UnsafeMutablePointer<Stream>, _ last: UnsafeMutablePointer<LastAnswers>
    ) {
        while pointee.state.pointee.batch.isOpen {
            if stream.pointee.body.remaining == 0 {
                if stream.pointee.body.hasMore {
                    Self.refill(stream)
                } else if !stream.pointee.holdsEnd, stream.pointee.method != .head {
                    // The end of an answer is sent with its last bytes, but where it is held back, and
                    // after HEAD.
                    return
                }
            }
            if stream.pointee.body.isBroken {
                copy(FrameBytes.reset(stream.pointee.id, NGHTTP2_INTERNAL_ERROR))
                return release(stream)
            }
            let remaining = stream.pointee.body.remaining
            let window = Swift.min(last.pointee.window ?? 0, windowLeft(of: stream))
            let length = Swift.min(remaining, Limits.frameBytes, Swift.max(window, 0))
            let ends = length == remaining && !stream.pointee.body.hasMore
            if length == 0, !ends { return }
            guard pointee.state.pointee.batch.hasRoom(forData: length, of: stream) else { return }
            let flags = ends ? UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) : 0
            copy(FrameBytes.head(length, UInt8(NGHTTP2_DATA.rawValue), flags, stream.pointee.id))
            pointee.state.pointee.gather(stream, length)
            last.pointee.window! -= length
            stream.pointee.sentLast += length
            if ends { return release(stream) }
        }
    }

    private func windowLeft(of stream: UnsafeMutablePointer<Stream>) -> Int {
        let window = nghttp2_session_get_stream_remote_window_size(
            pointee.session, stream.pointee.id)
        return Int(window) - stream.pointee.sentLast
    }

    private func copy(_ bytes: [UInt8]) {
        // SAFETY: copied before the closure returns.
        bytes.withUnsafeBytes { pointee.state.pointee.batch.copy($0.baseAddress!, $0.count) }
    }
}
