import CNghttp2
import Glibc

extension Connection {
    /// Hands received bytes to nghttp2, each frame after a look at its header.
    func feed(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        if !self.isGreeted, let foreign = foreignProtocol(bytes, count) {
            return giveUp(Farewell(foreign))
        }
        var position = self.walk.stashed > 0 ? completeHead(bytes, count) : 0
        var handed = position
        while true {
            let left = self.walk.left
            if left >= count - position {
                self.walk.left = left - (count - position)
                position = count
                break
            }
            position += left
            self.walk.left = 0
            guard count - position >= FrameWalk.headBytes else { break }
            let head = FrameHead(bytes + position)
            if head.type == UInt8(NGHTTP2_HEADERS.rawValue),
                self.skippedIDs.isNext(head.stream)
            {
                // The next request: what nearly all frames are.
                self.skippedIDs.advance()
            } else {
                if count - position < head.neededBytes { break }
                if head.dependsOnState {
                    handOver(bytes + handed, position - handed)
                    handed = position
                }
                if self.standing != .open { return }
                look(at: head, bytes + position + FrameWalk.headBytes)
                if self.standing != .open { return }
            }
            position += FrameWalk.headBytes
            self.walk.left = head.length
        }
        handOver(bytes + handed, position - handed)
        for index in position..<count {
            self.walk.stash[self.walk.stashed] = bytes[index]
            self.walk.stashed += 1
        }
    }

    /// Completes a header that began in an earlier read.
    ///
    /// - Returns: how many of the bytes belong to it.
    private func completeHead(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var taken = 0
        var needed = FrameWalk.headBytes
        while taken < count {
            self.walk.stash[self.walk.stashed] = bytes[taken]
            self.walk.stashed += 1
            taken += 1
            guard self.walk.stashed >= needed else { continue }
            var stash = self.walk.stash
            let isWhole = withUnsafeBytes(of: &stash) { buffer in
                // SAFETY: the copy outlives the closure and has thirteen bytes.
                let start = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
                let head = FrameHead(start)
                needed = head.neededBytes
                if self.walk.stashed < needed { return false }
                look(at: head, start + FrameWalk.headBytes)
                self.walk.stashed = 0
                self.walk.left = head.length - (needed - FrameWalk.headBytes)
                handOver(start, needed)
                return true
            }
            if isWhole { break }
        }
        return taken
    }

    private func handOver(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        if count == 0 || self.standing != .open { return }
        let result = nghttp2_session_mem_recv(self.session, bytes, count)
        if result < 0 { giveUp(Farewell(libraryError: result)) }
    }

    /// Counts a frame, and answers those on which nghttp2 says nothing.
    private func look(at head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        switch UInt32(head.type) {
        case NGHTTP2_DATA.rawValue: checkData(head)
        case NGHTTP2_HEADERS.rawValue: checkHeaders(head)
        case NGHTTP2_PRIORITY.rawValue: checkPriority(head, payload)
        case NGHTTP2_RST_STREAM.rawValue: spendReset()
        case NGHTTP2_SETTINGS.rawValue:
            greet()
            if head.length > Limits.settingsPerFrame * 6 {
                return giveUp(
                    Farewell(
                        .controlFrames, NGHTTP2_ENHANCE_YOUR_CALM,
                        "a SETTINGS frame has at most \(Limits.settingsPerFrame) settings"))
            }
            self.widestWindow = widestStreamWindow
            spendControlFrame()
        case NGHTTP2_WINDOW_UPDATE.rawValue: spendWindowUpdate()
        case NGHTTP2_PUSH_PROMISE.rawValue, NGHTTP2_GOAWAY.rawValue,
            NGHTTP2_CONTINUATION.rawValue:
            break
        // PING, and types that RFC 9113 does not know, which are ignored (§5.5).
        default: spendControlFrame()
        }
    }

    /// DATA on a stream that its client has ended, or that never was one (RFC 9113 §6.1).
    private func checkData(_ head: FrameHead) {
        guard head.stream & 1 == 1, head.stream <= self.skippedIDs.highest,
            stream(head.stream) == nil, !self.isLeaving,
            !self.resetStreams.mayContain(head.stream)
        else { return }
        nghttp2_submit_rst_stream(
            self.session, 0, head.stream, UInt32(NGHTTP2_STREAM_CLOSED.rawValue))
    }

    /// HEADERS that are not the next request: trailers, of a stream that may be gone.
    private func checkHeaders(_ head: FrameHead) {
        if head.stream & 1 == 0 { return }
        if head.stream > self.skippedIDs.highest { return self.skippedIDs.pass(head.stream) }
        if stream(head.stream) != nil || self.isLeaving { return }
        if self.skippedIDs.contains(head.stream) {
            return giveUp(
                Farewell(
                    .protocolError, NGHTTP2_PROTOCOL_ERROR,
                    "HEADERS on a stream that was passed over (RFC 9113 section 5.1.1)"))
        }
        // Trailers that were on their way when we reset the stream are harmless.
        if self.resetStreams.mayContain(head.stream) { return }
        giveUp(
            Farewell(
                .protocolError, NGHTTP2_STREAM_CLOSED,
                "HEADERS on a stream that its client has ended (RFC 9113 section 5.1)"))
    }

    private func checkPriority(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        spendControlFrame()
        var dependency: Int32 = -1
        if head.length >= FrameWalk.dependencyBytes {
            // SAFETY: `neededBytes` are there.
            let word = UnsafeRawPointer(payload).loadUnaligned(as: UInt32.self)
            dependency = Int32(bitPattern: UInt32(bigEndian: word) & 0x7FFF_FFFF)
        }
        if head.stream == 0 || dependency == head.stream {
            giveUp(
                Farewell(
                    .protocolError, NGHTTP2_PROTOCOL_ERROR,
                    head.stream == 0
                        ? "PRIORITY on stream 0 (RFC 9113 section 6.3)"
                        : "PRIORITY of a stream that depends on itself (RFC 7540 section 5.3.1)"))
        }
    }

    /// The widest window that a stream has for what we send; nil without streams.
    private var widestStreamWindow: Int? {
        var widest: Int?
        var next = self.streams
        while let stream = next {
            next = stream.elder
            let window = nghttp2_session_get_stream_remote_window_size(
                self.session, stream.id)
            widest = Swift.max(widest ?? 0, Int(window))
        }
        return widest
    }

    /// Settings that push a stream's window past 2^31-1 are a connection error (RFC 9113 §6.9.2), where
    /// nghttp2 resets the stream.
    func checkWindows(_ settings: nghttp2_settings) {
        let name = Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue)
        for index in 0..<settings.niv where settings.iv[index].settings_id == name {
            let value = Int(settings.iv[index].value)
            let change = value - self.peerWindow
            self.peerWindow = value
            if let widest = self.widestWindow, widest + change > Int(Int32.max) {
                giveUp(
                    Farewell(
                        .protocolError, NGHTTP2_FLOW_CONTROL_ERROR,
                        "SETTINGS_INITIAL_WINDOW_SIZE pushes a stream's window over 2^31-1 "
                            + "(RFC 9113 section 6.9.2)"))
            }
        }
    }
}
