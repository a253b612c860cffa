import CNghttp2
import Glibc

/// Frames that wait to be sent ahead of all answers: what is said of the connection and of its streams.
struct ControlFrames {
    // SAFETY: freed by `free`, at the latest with the connection.
    private var bytes: UnsafeMutableRawPointer?
    private var capacity = 0
    private var used = 0
    private var sent = 0
    /// Frames that wait.
    private(set) var count = 0

    var isEmpty: Bool { used == 0 }

    /// Adds a frame with a short payload.
    mutating func add(_ type: UInt8, _ flags: UInt8, stream: Int32, _ payload: [UInt32] = []) {
        let space = add(FrameHead(payload.count * 4, type, flags, stream))
        for (index, word) in payload.enumerated() {
            space.storeBytes(of: word.bigEndian, toByteOffset: index * 4, as: UInt32.self)
        }
    }

    /// Adds a frame's header.
    ///
    /// - Returns: room for its payload.
    mutating func add(_ head: FrameHead) -> UnsafeMutableRawPointer {
        let start = reserve(FrameHead.bytes + head.length)
        head.write(to: start)
        count += 1
        return start + FrameHead.bytes
    }

    /// Adds bytes that are whole frames.
    mutating func add(_ frames: [UInt8]) {
        let space = reserve(frames.count)
        // SAFETY: copied before the closure returns.
        frames.withUnsafeBytes { space.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        count += 1
    }

    private mutating func reserve(_ length: Int) -> UnsafeMutableRawPointer {
        if used + length > capacity {
            capacity = max(2 * capacity, used + length, Limits.leastControlBytes)
            bytes = realloc(bytes, capacity)
        }
        defer { used += length }
        return bytes! + used
    }

    /// Moves as many of the bytes into a send batch as it has room for.
    ///
    /// - Returns: whether that were all.
    mutating func move(to batch: inout SendBatch) -> Bool {
        while sent < used {
            if !batch.isOpen { return false }
            let length = min(used - sent, Limits.frameRoomBytes)
            batch.copy(bytes! + sent, length)
            sent += length
        }
        if used > 0 { free() }
        return true
    }

    /// Forgets all of them and gives the memory back.
    mutating func free() {
        Glibc.free(bytes)
        self = ControlFrames()
    }
}

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
