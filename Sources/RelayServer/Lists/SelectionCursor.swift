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

/// A number that stands for filters and an order: the same for the same, and hardly ever for others.
struct Fingerprint {
    private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func mix(_ word: UInt64) {
        // The finalizer of SplitMix64: every bit of the word reaches every bit of the value.
        var mixed = value ^ word
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        value = (mixed ^ mixed >> 31) &+ 0x9E37_79B9_7F4A_7C15
    }

    /// Absent values are mixed in as well, in an order that never changes.
    mutating func mix(_ filter: OrderFilter) {
        mix(filter.status.map { UInt64($0.rawValue) } ?? .max)
        mix(filter.propertyId ?? 0)
        mix(filter.customerId ?? 0)
        mix(filter.isInternal.map { $0 ? 1 : 2 } ?? 0)
        for time in [filter.dueFrom, filter.dueTo, filter.updatedSince] {
            mix(time.map { UInt64(bitPattern: $0.milliseconds) } ?? .max)
        }
        mix(filter.sort.map { UInt64($0.rawValue) } ?? 0)
        for text in [filter.type, filter.internalId] {
            mix(text == nil ? 0 : 1)
            mix(text ?? "")
        }
    }

    mutating func mix(_ text: String) {
        mix(UInt64(text.utf8.count))
        for byte in text.utf8 { mix(UInt64(byte)) }
    }
}
