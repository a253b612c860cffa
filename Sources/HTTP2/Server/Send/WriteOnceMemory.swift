import Glibc

/// Memory that may be lent: a piece of it is written once, and fresh memory takes its place before
/// anything else is written there.
///
/// The kernel lends physical pages, not what they hold at the time: a peer, or whatever it has spliced
/// them on to, may look at them long after it has taken the bytes from the socket. No counter of the
/// kernel's says when the last one has done so. But pages that were let go of (MADV_DONTNEED) belong to
/// those readers alone, and the next touch of the same address gets others.
public struct WriteOnceMemory {
    /// Where all windows lie, one behind the other.
    public let bytes: UnsafeRawBufferPointer
    private let start: UnsafeMutableRawPointer
    private let windowBytes: Int

    /// Reserves addresses; memory comes with the first touch. nil when there are none.
    ///
    /// - Parameters:
    ///   - windows: pieces that are written and renewed one by one.
    ///   - windowBytes: bytes of each, rounded up to whole pages.
    public init?(windows: Int, windowBytes: Int) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        self.windowBytes = (windowBytes + page - 1) & -page
        let byteCount = windows * self.windowBytes
        let memory = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        // A huge page would be kept whole for each small piece of it that is lent.
        madvise(memory, byteCount, MADV_NOHUGEPAGE)
        start = memory
        // SAFETY: mapped until `deallocate`.
        bytes = UnsafeRawBufferPointer(start: memory, count: byteCount)
    }

    /// Lets go of a window's memory, for others to read as long as they have it, and says where fresh
    /// memory is to be written; nil when the kernel does not let go, and then nothing may be written.
    public func renew(_ window: Int) -> UnsafeMutableRawPointer? {
        let window = start + window * windowBytes
        precondition(window + windowBytes <= start + bytes.count, "a window that there is")
        return madvise(window, windowBytes, MADV_DONTNEED) == 0 ? window : nil
    }

    /// Returns the addresses; what is lent of the memory stays with its readers.
    public func deallocate() { munmap(start, bytes.count) }
}
