import JSON
import RelayContract
import RelayRecords

/// Where a page of a selection ended: like `PageCursor`, with filters and order bound in by their
/// fingerprint, so that a cursor with other filters is refused.
struct SelectionCursor: Equatable {
    /// The store's epoch.
    var epoch: UInt64
    /// What was selected and in which order.
    var fingerprint: UInt64
    /// Where the next page begins.
    var start: SelectionStart

    /// Bytes before base64url: epoch, fingerprint, the key in two words, the records still to be
    /// passed over, and a check byte.
    private static let rawBytes = 41
    /// Characters: 55, which the contract's 64 have room for.
    static let characters = CursorText.characters(rawBytes)
    /// In place of a key, of a page that begins with the first record.
    private static let beginning = UInt128.max

    init(epoch: UInt64, fingerprint: UInt64, start: SelectionStart) {
        self.epoch = epoch
        self.fingerprint = fingerprint
        self.start = start
    }

    /// Writes the cursor in base64url.
    ///
    /// - Parameter space: room for `characters`.
    func write(to space: UnsafeMutableRawPointer) {
        let after = start.after ?? Self.beginning
        // SAFETY: `raw` lives through the closure.
        withUnsafeTemporaryAllocation(byteCount: Self.rawBytes, alignment: 8) { raw in
            let base = raw.baseAddress!
            let words: InlineArray<5, UInt64> = [
                epoch, fingerprint, UInt64(truncatingIfNeeded: after >> 64),
                UInt64(truncatingIfNeeded: after), start.skip,
            ]
            for index in words.indices {
                base.storeBytes(
                    of: words[index].littleEndian, toByteOffset: 8 * index, as: UInt64.self)
            }
            CursorText.write(raw, to: space)
        }
    }

    /// Reads a cursor back; nil when it was not made by `write`. Anybody can make the check byte, and
    /// what follows counts with id and offset: each must be one that the contract knows.
    init?(_ text: UnsafeRawBufferPointer) {
        // SAFETY: `raw` lives through the closure.
        let cursor: SelectionCursor? = withUnsafeTemporaryAllocation(
            byteCount: Self.rawBytes, alignment: 8
        ) { raw in
            guard CursorText.read(text, into: raw) else { return nil }
            func word(_ index: Int) -> UInt64 {
                UInt64(littleEndian: raw.load(fromByteOffset: 8 * index, as: UInt64.self))
            }
            let after = UInt128(word(2)) << 64 | UInt128(word(3))
            guard after == Self.beginning || Resource.isStorable(word(3)),
                word(4) < 1 << 53
            else { return nil }
            return SelectionCursor(
                epoch: word(0), fingerprint: word(1),
                start: SelectionStart(
                    after: after == Self.beginning ? nil : after, skip: word(4)))
        }
        guard let cursor else { return nil }
        self = cursor
    }
}
