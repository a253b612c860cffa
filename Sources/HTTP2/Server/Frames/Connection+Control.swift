import CNghttp2

/// What is said of the connection and of its streams, ahead of all answers: see `ControlFrames`.
extension Connection {
    /// Says our SETTINGS, which come first, once.
    func greet() {
        if self.isGreeted { return }
        self.isGreeted = true
        let settings: [(NGHTTP2_SETTINGS: nghttp2_settings_id, value: UInt32)] = [
            (NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, Limits.maxConcurrentStreams),
            (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, Limits.streamWindowBytes),
            (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(Limits.maxFieldSectionBytes)),
            (NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
        ]
        var payload = self.control.add(
            FrameHead(settings.count * Limits.settingBytes, FrameType.settings, 0, 0))
        for (id, value) in settings {
            payload.storeBytes(of: UInt16(id.rawValue).bigEndian, as: UInt16.self)
            payload.storeBytes(of: value.bigEndian, toByteOffset: 2, as: UInt32.self)
            payload += Limits.settingBytes
        }
        let room = UInt32(Limits.connectionWindowBytes) - UInt32(Limits.initialWindowBytes)
        self.control.add(FrameType.windowUpdate, 0, stream: 0, [room])
    }

    /// Resets a stream; it is released before anything is sent. Not twice.
    func reset(_ stream: Stream, _ code: nghttp2_error_code = NGHTTP2_PROTOCOL_ERROR) {
        if stream.phase == .reset { return }
        if stream.phase == .waiting { self.waiting.remove(stream) }
        if stream.isQueued { self.output.remove(stream) }
        stream.phase = .reset
        self.resetCount += 1
        sendReset(stream.id, code)
    }

    /// Says RST_STREAM of a stream that is open, was open, or is refused.
    func sendReset(_ id: Int32, _ code: nghttp2_error_code) {
        self.control.add(FrameType.resetStream, 0, stream: id, [code.rawValue])
        noteReset(id, code)
    }

    /// Releases the streams that were reset.
    func releaseReset() {
        if self.resetCount == 0 { return }
        var next = self.streams
        while let stream = next {
            next = stream.elder
            if stream.phase == .reset { release(stream) }
        }
    }
}
