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
