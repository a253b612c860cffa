/// Which of the documents and pages that a reader finds are compared with their checksums though nothing
/// speaks against them: one in 2^`Limits.sampleBits` or 2^`Limits.pageSampleBits`, whatever order they
/// are read in.
///
/// A checksum costs more instructions than all that this module does for a GET. Who copies or parses
/// a document compares it anyway, and a scrub compares all of them, with time.
struct DamageSampling: ~Copyable {
    // SAFETY: allocated in init, freed in deinit; behind a pointer, so that a borrowed reader can
    // count. A reader is used on one thread at a time.
    private let state = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)

    init() { state.initialize(to: 0) }

    deinit { state.deallocate() }

    /// Whether this one is compared. Steps by the golden ratio, so that no round of requests comes back to
    /// the same records each time it is their turn.
    @inline(__always)
    func isDue(_ bits: UInt64) -> Bool {
        state.pointee &+= 0x9E37_79B9_7F4A_7C15
        return state.pointee >> (64 - bits) == 0
    }
}
