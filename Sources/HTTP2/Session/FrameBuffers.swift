import Glibc

/// The frame buffers of a loop's sessions, in whole pages that an idle session gives back.
///
/// nghttp2 takes one buffer of 16 KB per session, for the frame that it is about to send, and keeps
/// it as long as the session lives: the largest part of what an idle connection holds. Nothing in
/// it is needed while nothing waits to be sent.
struct FrameBuffers {
    /// Whether a block of so many bytes is one that nghttp2 1.5x packs frames in: a frame that every peer
    /// takes, or the largest that we send, and some room. Anything else comes from elsewhere.
    static func holds(_ size: Int) -> Bool {
        let room = size - (size > Limits.dataFrameBytes ? Limits.dataFrameBytes : Limits.frameBytes)
        return (0..<4_096).contains(room)
    }

    // SAFETY: mapped when first needed, unmapped by `deallocate`. Pages come with the first touch.
    private var base: UnsafeMutableRawPointer?
    private var unused: [Int32] = []
    private var used = 0
    /// The buffer that was handed out last: the one of the session that is just being made.
    private var newest: UnsafeMutableRawPointer?

    /// A buffer, or nil when there are none left: then `malloc` has some.
    mutating func allocate() -> UnsafeMutableRawPointer? {
        guard let base = base ?? map() else { return nil }
        if let slot = unused.popLast() {
            newest = base + Int(slot) * Limits.frameBufferBytes
        } else {
            guard used < Limits.maxConnections else { return nil }
            newest = base + used * Limits.frameBufferBytes
            used += 1
        }
        return newest
    }

    /// Takes a buffer back; false if it is none of these.
    mutating func free(_ buffer: UnsafeMutableRawPointer) -> Bool {
        guard owns(buffer), let base else { return false }
        unused.append(Int32((buffer - base) / Limits.frameBufferBytes))
        newest = nil
        return true
    }

    /// The buffer that was handed out since this was last asked for.
    mutating func takeNewest() -> UnsafeMutableRawPointer? {
        defer { newest = nil }
        return newest
    }

    /// Whether a block is one of these buffers.
    func owns(_ block: UnsafeMutableRawPointer) -> Bool {
        guard let base else { return false }
        return block >= base && block < base + Limits.maxConnections * Limits.frameBufferBytes
    }

    /// Gives a buffer's pages back to the system; it reads as zeros afterwards.
    static func release(_ buffer: UnsafeMutableRawPointer) {
        // SAFETY: whole pages of one slot, whose bytes nobody needs: see the caller.
        madvise(buffer, Limits.frameBufferBytes, MADV_DONTNEED)
    }

    /// Gives the pages of the buffers that no session has back to the system.
    func releaseUnused() {
        guard let base else { return }
        for slot in unused { Self.release(base + Int(slot) * Limits.frameBufferBytes) }
    }

    private mutating func map() -> UnsafeMutableRawPointer? {
        let memory = mmap(
            nil, Limits.maxConnections * Limits.frameBufferBytes, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        if memory != MAP_FAILED { base = memory }
        return base
    }

    /// Returns the memory; no session may be left.
    mutating func deallocate() {
        if let base { munmap(base, Limits.maxConnections * Limits.frameBufferBytes) }
        base = nil
    }
}
