import CZstd

/// Reads back what a `Compressor`, or any other zstd, wrote: whole frames or a stream of them.
public struct Decompressor: ~Copyable {
    // SAFETY: made in init, freed in deinit, known to nobody else.
    private let context: OpaquePointer
    // SAFETY: allocated in init, deallocated in deinit.
    private let output: UnsafeMutableRawBufferPointer
    /// Whether the stream stands between two frames: only there may it end.
    private var isBetweenFrames = true

    /// A decompressor with room for the largest window that is read.
    public init() throws(ZstdError) {
        guard let context = ZSTD_createDCtx() else { throw .noMemory }
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Limits.windowLog)
        self.context = context
        // SAFETY: until deinit.
        output = .allocate(byteCount: Limits.streamBytes, alignment: 64)
    }

    deinit {
        output.deallocate()
        ZSTD_freeDCtx(context)
    }

    /// Whether these bytes begin as a zstd frame does (RFC 8878, 3.1.1).
    public static func isCompressed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
    }

    /// The bytes of one frame, at most `limit`.
    ///
    /// - Parameter prefix: what the frame was compressed after, if anything.
    public mutating func decompress(
        _ frame: UnsafeRawBufferPointer, atMost limit: Int,
        after prefix: UnsafeRawBufferPointer? = nil
    ) throws(ZstdError) -> [UInt8] {
        if let prefix {
            // SAFETY: the caller keeps the prefix during this call; a frame that does not even
            // begin would leave it known, so it is taken back.
            ZSTD_DCtx_refPrefix(context, prefix.baseAddress, prefix.count)
        }
        defer { if prefix != nil { ZSTD_DCtx_refPrefix(context, nil, 0) } }
        var result: [UInt8] = []
        let size = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
        // The header is read, not believed: room is taken for what was promised, up to the limit.
        if size <= UInt64(limit) { result.reserveCapacity(Int(size)) }
        try read(frame) { (bytes) throws(ZstdError) in
            guard result.count + bytes.count <= limit else { throw .tooLarge(limit: limit) }
            result.append(contentsOf: bytes)
        }
        try finish()
        return result
    }

    /// Reads a part of a stream; hands on what it holds, in pieces that are valid during the call.
    public mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        to sink: (UnsafeRawBufferPointer) throws(ZstdError) -> Void
    ) throws(ZstdError) {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var isFull = false
        // A full output may mean that more is ready though all input was taken.
        while input.pos < input.size || isFull {
            var room = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            // SAFETY: the caller keeps the input during this call, and `output` is ours.
            let hint = ZSTD_decompressStream(context, &room, &input)
            if ZSTD_isError(hint) != 0 {
                ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
                isBetweenFrames = true
                throw .corrupted(reason: String(cString: ZSTD_getErrorName(hint)))
            }
            isFull = room.pos == room.size && hint != 0
            isBetweenFrames = hint == 0
            if room.pos > 0 { try sink(UnsafeRawBufferPointer(rebasing: output[..<room.pos])) }
        }
    }

    /// Says that the stream ended, which it may between two frames only.
    public mutating func finish() throws(ZstdError) {
        if isBetweenFrames { return }
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        isBetweenFrames = true
        throw .truncated
    }
}
