import CNghttp2

/// Frames that are about the connection, or about a stream as a whole (RFC 9113 §6.3 to §6.9).
extension Connection {
    func settingsReceived(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        greet()
        spendControlFrame()
        if head.stream != 0 { return failStream(head) }
        if head.has(FrameFlag.acknowledgement) {
            if head.length != 0 { return failLength(head) }
            if self.gotSettingsAck {
                fail(
                    NGHTTP2_PROTOCOL_ERROR,
                    "SETTINGS were acknowledged twice (RFC 9113 section 6.5.3)")
            }
            self.gotSettingsAck = true
            return
        }
        if head.length % Limits.settingBytes != 0 { return failLength(head) }
        if head.length > Limits.settingsPerFrame * Limits.settingBytes {
            return giveUp(.settings)
        }
        for start in stride(from: 0, to: head.length, by: Limits.settingBytes) {
            let id = FrameNumber.read16(payload + start)
            if !take(nghttp2_settings_id(UInt32(id)), FrameNumber.read32(payload + start + 2)) {
                return
            }
        }
        self.control.add(FrameType.settings, FrameFlag.acknowledgement, stream: 0)
    }

    /// Takes a setting; false when the connection was given up for it. Those that are about what a server
    /// does not do are only looked at.
    private func take(_ id: nghttp2_settings_id, _ value: UInt32) -> Bool {
        switch id {
        case NGHTTP2_SETTINGS_HEADER_TABLE_SIZE:
            self.encoder.setTable(bytes: value)
            return true
        case NGHTTP2_SETTINGS_ENABLE_PUSH, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL,
            NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES:
            return value <= 1
                || fail(
                    NGHTTP2_PROTOCOL_ERROR,
                    "setting \(id.rawValue) is 0 or 1 (RFC 9113 section 6.5.2)")
        case NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE:
            return value <= Int32.max
                ? takeWindow(Int(value))
                : fail(
                    NGHTTP2_FLOW_CONTROL_ERROR,
                    "SETTINGS_INITIAL_WINDOW_SIZE is at most 2^31-1 (RFC 9113 section 6.5.2)")
        case NGHTTP2_SETTINGS_MAX_FRAME_SIZE:
            guard (UInt32(Limits.frameBytes)..<1 << 24).contains(value) else {
                return fail(
                    NGHTTP2_PROTOCOL_ERROR,
                    "SETTINGS_MAX_FRAME_SIZE is 2^14 to 2^24-1 (RFC 9113 section 6.5.2)")
            }
            self.frameLimit = Swift.min(Int(value), Limits.dataFrameBytes)
            return true
        default: return true
        }
    }

    /// SETTINGS_INITIAL_WINDOW_SIZE changes the windows of streams that are open, too (RFC 9113 §6.9.2). That is
    /// the work of a frame of its own, and a frame may say it many times.
    private func takeWindow(_ bytes: Int) -> Bool {
        spendControlFrame()
        let change = bytes - self.peerWindow
        self.peerWindow = bytes
        var next = self.streams
        while let stream = next {
            next = stream.elder
            if !widen(stream, by: change) {
                return fail(
                    NGHTTP2_FLOW_CONTROL_ERROR,
                    "SETTINGS_INITIAL_WINDOW_SIZE pushes a stream's window over 2^31-1 "
                        + "(RFC 9113 section 6.9.2)")
            }
        }
        return true
    }

    /// Changes what may be sent of a stream, and has it go on that waited for that; false when it would be past
    /// 2^31-1, and then nothing is changed.
    private func widen(_ stream: Stream, by change: Int) -> Bool {
        if stream.window + change > Int(Int32.max) { return false }
        stream.window += change
        if stream.window > 0 { goOn(stream, .window) }
        return true
    }

    @inline(never)
    func windowUpdateReceived(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        spendWindowUpdate()
        if head.length != 4 { return failLength(head) }
        let increment = Int(FrameNumber.read31(payload))
        if head.stream != 0, isIdle(head.stream) { return failStream(head) }
        let stream = stream(head.stream)
        if head.stream != 0, stream == nil { return }
        if increment == 0 {
            fail(NGHTTP2_PROTOCOL_ERROR, "WINDOW_UPDATE by 0 (RFC 9113 section 6.9)")
            return
        }
        guard let stream else {
            if self.window + increment > Int(Int32.max) {
                fail(
                    NGHTTP2_FLOW_CONTROL_ERROR,
                    "WINDOW_UPDATE pushes the connection's window over 2^31-1 "
                        + "(RFC 9113 section 6.9.1)")
                return
            }
            self.window += increment
            return
        }
        if !widen(stream, by: increment) { reset(stream, NGHTTP2_FLOW_CONTROL_ERROR) }
    }

    func resetReceived(_ head: FrameHead) {
        spendReset()
        if head.length != 4 { return failLength(head) }
        if isIdle(head.stream) { return failStream(head) }
        if let stream = stream(head.stream) { release(stream) }
    }

    func pingReceived(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        spendControlFrame()
        if head.length != 8 { return failLength(head) }
        if head.stream != 0 { return failStream(head) }
        if head.has(FrameFlag.acknowledgement) { return }
        let answer = FrameHead(8, FrameType.ping, FrameFlag.acknowledgement, 0)
        self.control.add(answer).copyMemory(from: payload, byteCount: 8)
    }

    func goAwayReceived(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        spendControlFrame()
        if head.length < 8 { return failLength(head) }
        if head.stream != 0 { return failStream(head) }
        self.gotGoAway = true
    }

    func priorityReceived(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        spendControlFrame()
        if head.stream == 0 { return failStream(head) }
        if head.length != 5 { return failLength(head) }
        if FrameNumber.read31(payload) == head.stream {
            fail(
                NGHTTP2_PROTOCOL_ERROR,
                "PRIORITY of a stream that depends on itself (RFC 7540 section 5.3.1)")
        }
    }

    /// Ends the connection for a frame whose length does not fit its type.
    func failLength(_ head: FrameHead) {
        fail(
            NGHTTP2_FRAME_SIZE_ERROR,
            "\(head.name) of \(head.length) bytes (\(head.section))")
    }

    /// Ends the connection for a frame that may not be on its stream.
    func failStream(_ head: FrameHead) {
        let isIdle = head.stream != 0 && isIdle(head.stream)
        fail(
            NGHTTP2_PROTOCOL_ERROR,
            "\(head.name) on stream \(head.stream)\(isIdle ? ", which is idle" : "") (\(head.section))"
        )
    }
}

extension FrameHead {
    /// The type's name (RFC 9113 §6; RFC 9218 §7.1).
    fileprivate var name: String {
        switch type {
        case FrameType.data: "DATA"
        case FrameType.headers: "HEADERS"
        case FrameType.priority: "PRIORITY"
        case FrameType.resetStream: "RST_STREAM"
        case FrameType.settings: "SETTINGS"
        case FrameType.ping: "PING"
        case FrameType.goAway: "GOAWAY"
        case FrameType.windowUpdate: "WINDOW_UPDATE"
        case FrameType.priorityUpdate: "PRIORITY_UPDATE"
        default: "a frame of type \(type)"
        }
    }

    /// Where the rules for the type stand.
    fileprivate var section: String {
        type == FrameType.priorityUpdate ? "RFC 9218 section 7.1" : "RFC 9113 section 6.\(type + 1)"
    }
}
