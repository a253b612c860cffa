import RelayContract

/// Where a page ended: what a `cursor` parameter carries.
///
/// Opaque to clients. It names the list, the last key of the page and the store's epoch, so that
/// a cursor of another list is refused and one from before a restore gets 410 (contract, Versions).
struct PageCursor: Equatable {
    /// The store's epoch.
    var epoch: UInt64
    /// The kind of list.
    var list: UInt8
    /// What the kind is about.
    var parameter: UInt64
    /// The last key of the page.
    var after: UInt64

    /// Bytes before base64url: the four members in little-endian order, and a check byte.
    private static let rawBytes = 26
    /// Characters: 26 bytes make 35 of base64url without padding.
    static let characters = CursorText.characters(rawBytes)

    init(epoch: UInt64, list: UInt8, parameter: UInt64, after: UInt64) {
        self.epoch = epoch
        self.list = list
        self.parameter = parameter
        self.after = after
    }

    /// Writes the cursor in base64url.
    ///
    /// - Parameter space: room for `characters`.
    @inline(__always)
    func write(to space: UnsafeMutableRawPointer) {
        // SAFETY: `raw` lives through the closure.
        withUnsafeTemporaryAllocation(byteCount: Self.rawBytes, alignment: 8) { raw in
            let base = raw.baseAddress!
            base.storeBytes(of: epoch.littleEndian, as: UInt64.self)
            base.storeBytes(of: parameter.littleEndian, toByteOffset: 8, as: UInt64.self)
            base.storeBytes(of: after.littleEndian, toByteOffset: 16, as: UInt64.self)
            base.storeBytes(of: list, toByteOffset: 24, as: UInt8.self)
            CursorText.write(raw, to: space)
        }
    }

    /// Reads a cursor back; nil when it was not made by `write`.
    init?(_ text: UnsafeRawBufferPointer) {
        // SAFETY: `raw` lives through the closure.
        let cursor: PageCursor? = withUnsafeTemporaryAllocation(
            byteCount: Self.rawBytes, alignment: 8
        ) { raw in
            guard CursorText.read(text, into: raw) else { return nil }
            return PageCursor(
                epoch: UInt64(littleEndian: raw.load(as: UInt64.self)),
                list: raw[24],
                parameter: UInt64(littleEndian: raw.load(fromByteOffset: 8, as: UInt64.self)),
                after: UInt64(littleEndian: raw.load(fromByteOffset: 16, as: UInt64.self)))
        }
        guard let cursor else { return nil }
        self = cursor
    }
}

extension Problem {
    /// 400: a cursor of another list, or of this one with other filters.
    static var foreignCursor: Problem {
        var faults = Faults()
        faults.add(
            .pattern, parameter: "cursor",
            "the cursor is not of this list with these filters: expected one from its Link field")
        return Problem(.badQuery, faults)
    }

    /// 410: a cursor from before the store was restored.
    static var expiredCursor: Problem {
        Problem(
            .cursorExpired,
            "the store was restored after this cursor was made: start again without cursor")
    }
}
