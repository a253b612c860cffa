import CNghttp2

/// DATA frames, and the windows that clients send within (RFC 9113 §6.1 and §6.9).
extension Connection {
    /// The header of a DATA frame has come.
    func beginData(_ head: FrameHead) {
        if isIdle(head.stream) { return failStream(head) }
        var data = ArrivingData()
        data.stream = head.stream
        data.left = head.length
        data.ends = head.has(FrameFlag.endStream)
        data.needsPadding = head.has(FrameFlag.padded)
        if data.needsPadding, head.length == 0 { return failPadding("DATA") }
        let stream = stream(head.stream)
        if let stream {
            if stream.isComplete, stream.phase != .reset {
                fail(
                    NGHTTP2_STREAM_CLOSED,
                    "DATA on a stream that its client has ended (RFC 9113 section 5.1)")
                return
            }
            stream.windowUsed += head.length
            if stream.windowUsed > Int(Limits.streamWindowBytes), stream.phase != .reset {
                fail(
                    NGHTTP2_FLOW_CONTROL_ERROR,
                    "more than a stream's window was sent (RFC 9113 section 6.9.1)")
                return
            }
        } else if !self.isLeaving, !self.resetStreams.mayContain(head.stream) {
            sendReset(head.stream, NGHTTP2_STREAM_CLOSED)
        }
        data.isIgnored = stream.map { $0.phase == .reset } ?? true
        if data.isIgnored {
            spendStrayFrame()
        } else if head.length == 0, !data.ends {
            spendControlFrame()
        }
        openConnection(by: head.length)
        self.input.data = data
        if head.length == 0 { endData() }
    }

    /// Takes bytes of the payload of the DATA frame that is arriving.
    ///
    /// - Returns: how many.
    func takeData(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var taken = 0
        if self.input.data.needsPadding {
            let padding = Int(bytes[0])
            taken = 1
            self.input.data.needsPadding = false
            self.input.data.left -= 1 + padding
            if self.input.data.left < 0 {
                failPadding("DATA")
                return count
            }
            self.input.data.padding = padding
            if self.input.data.left == 0, !self.input.data.ends, !self.input.data.isIgnored {
                spendControlFrame()
            }
            if let stream = stream(self.input.data.stream) { open(stream, by: 1 + padding) }
        }
        let body = Swift.min(self.input.data.left, count - taken)
        if body > 0 {
            self.input.data.left -= body
            if !self.input.data.isIgnored {
                dataReceived(self.input.data.stream, bytes + taken, body)
            }
            taken += body
        }
        if self.input.data.left == 0 {
            let padding = Swift.min(self.input.data.padding, count - taken)
            self.input.data.padding -= padding
            taken += padding
            if self.input.data.padding == 0 { endData() }
        }
        return taken
    }

    /// All of a DATA frame has come.
    private func endData() {
        if self.input.data.ends, let stream = stream(self.input.data.stream) {
            requestComplete(stream)
        }
    }

    /// Ends the connection for a frame with more padding than there is room for.
    func failPadding(_ type: String) {
        fail(NGHTTP2_PROTOCOL_ERROR, "\(type) with more padding than frame (RFC 9113 section 6)")
    }

    /// Lets the client send as many bytes of a stream's body again. It is told of half a window at once.
    func open(_ stream: Stream, by count: Int) {
        if stream.phase == .reset { return }
        stream.windowTaken += count
        if stream.windowTaken < Int(Limits.streamWindowBytes) / 2 { return }
        self.control.add(
            FrameType.windowUpdate, 0, stream: stream.id, [UInt32(stream.windowTaken)])
        stream.windowUsed -= stream.windowTaken
        stream.windowTaken = 0
    }

    /// Lets the client send as many bytes of any body again: the connection's window holds up nobody.
    private func openConnection(by count: Int) {
        self.windowTaken += count
        if self.windowTaken < Int(Limits.connectionWindowBytes) / 2 { return }
        self.control.add(FrameType.windowUpdate, 0, stream: 0, [UInt32(self.windowTaken)])
        self.windowTaken = 0
    }
}
