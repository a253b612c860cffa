/// In which stretches of ids the latest commits moved documents: what proves that a page made of
/// documents under an earlier commit would be the same today.
///
/// Like `HintTable` it follows `MovedDocuments`. Where two stretches share a place, a move in one of
/// them counts for both: that costs a page made anew, never a stale one.
struct MovedAreas: ~Copyable {
    // SAFETY: allocated in init, freed in deinit; behind a pointer, so that a borrowed reader can note.
    private let commits: UnsafeMutablePointer<UInt64>
    /// First commit since which every move was noted.
    private var first: UInt64

    /// Knows all moves behind a commit.
    init(from commit: UInt64) {
        // SAFETY: freed in deinit.
        commits = .allocate(capacity: Limits.movedAreas)
        commits.initialize(repeating: 0, count: Limits.movedAreas)
        first = commit
    }

    deinit { commits.deallocate() }

    @inline(__always)
    private static func slot(_ key: UInt64) -> Int {
        let mixed = area(of: key) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 40) & (Limits.movedAreas - 1)
    }

    /// Documents with the same number are neighbours.
    @inline(__always)
    static func area(of key: UInt64) -> UInt64 { key >> Limits.areaBits }

    /// Notes that a commit, or one before it that was not followed yet, moved a document.
    func note(_ key: UInt64, _ commit: UInt64) { commits[Self.slot(key)] = commit }

    /// Something was moved before a commit and nobody knows what.
    mutating func forget(before commit: UInt64) { first = commit }

    /// Whether every move since a commit was noted.
    func knows(since commit: UInt64) -> Bool { commit >= first }

    /// Whether a document may have been moved after a commit.
    @inline(__always)
    func mayHaveMoved(_ key: UInt64, since commit: UInt64) -> Bool {
        commits[Self.slot(key)] > commit
    }
}
