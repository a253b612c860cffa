import CZstd

/// Compresses whole pieces of memory or a stream, one after the other; each frame has a checksum.
///
/// Keep one and use it again: its tables are a megabyte that a new one would have to fill.
public struct Compressor: ~Copyable {
    // SAFETY: made in init, freed in deinit, known to nobody else.
    private let context: OpaquePointer
    // SAFETY: allocated in init, deallocated in deinit.
    private let output: UnsafeMutableRawBufferPointer

    /// A compressor of a level from 1 (fast) to 19 (small).
    ///
    /// - Parameter workers: threads that compress a stream beside the caller's; 0 for none.
    public init(level: Int32 = Limits.level, workers: Int32 = 0) throws(ZstdError) {
        guard let context = ZSTD_createCCtx() else { throw .noMemory }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        // A libzstd without threads refuses this and does all on the caller's.
        ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, workers)
        self.context = context
        // SAFETY: until deinit.
        output = .allocate(byteCount: Limits.streamBytes, alignment: 64)
    }

    deinit {
        output.deallocate()
        ZSTD_freeCCtx(context)
    }

    /// One frame that holds all of `bytes` and says how many they are.
    ///
    /// - Parameter prefix: bytes to refer back to, as if they came before; whoever reads the frame
    ///   needs the same.
    public mutating func compress(
        _ bytes: UnsafeRawBufferPointer, after prefix: UnsafeRawBufferPointer? = nil
    ) throws(ZstdError) -> [UInt8] {
        if let prefix {
            // SAFETY: the caller keeps the prefix during this call, and zstd forgets it after one
            // frame.
            ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count)
        }
        let bound = ZSTD_compressBound(bytes.count)
        var code = 0
        let context = context
        let frame = [UInt8](unsafeUninitializedCapacity: bound) { room, count in
            // SAFETY: zstd reads and writes both buffers during the call only.
            code = ZSTD_compress2(
                context, room.baseAddress, bound, bytes.baseAddress, bytes.count)
            count = ZSTD_isError(code) == 0 ? code : 0
        }
        if ZSTD_isError(code) != 0 { throw .noMemory }
        return frame
    }

    /// Adds bytes to the stream's frame; hands on what is ready, in pieces that are valid during the
    /// call.
    public mutating func write<Failure>(
        _ bytes: UnsafeRawBufferPointer,
        to sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while input.pos < input.size {
            _ = try step(&input, ZSTD_e_continue, sink)
        }
    }

    /// Ends the stream's frame and hands on the rest of it; what is written next begins another one.
    public mutating func finish<Failure>(
        to sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var input = ZSTD_inBuffer()
        while try step(&input, ZSTD_e_end, sink) > 0 {}
    }

    private func step<Failure>(
        _ input: inout ZSTD_inBuffer, _ directive: ZSTD_EndDirective,
        _ sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        var room = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        // SAFETY: the caller keeps the input during this call, and `output` is ours.
        let left = ZSTD_compressStream2(context, &room, &input, directive)
        precondition(ZSTD_isError(left) == 0, "zstd refuses a stream only for a wrong call")
        if room.pos > 0 { try sink(UnsafeRawBufferPointer(rebasing: output[..<room.pos])) }
        return left
    }
}
