/// Every limit of this module that the contract's schemas do not state: name, unit, default, reason.
public enum Limits {
    /// Faults listed in one problem. A hostile body of 8 MiB holds a million unknown members, and an answer that
    /// names them all would be fifty times the request; nobody repairs more than this by hand.
    public static let listedFaults = 1000

    /// Bytes of a cursor, base64url. Holds an epoch, a sort order and a key with room to spare.
    public static var cursorBytes: Int { MemoryLayout<CursorBytes>.size }
    /// Those bytes, held in place: 64.
    typealias CursorBytes = InlineArray<64, UInt8>

    /// Bytes of an unknown member's or parameter's name, or of a wrong value, that a fault repeats.
    public static let quotedBytes = 64

    /// Segments of a path: 6. The longest of the contract has four.
    public static var pathSegments: Int { MemoryLayout<SegmentStarts<UInt8>>.size - 1 }
    /// Where they start, and where another one would.
    typealias SegmentStarts<Element> = InlineArray<7, Element>

    /// The largest id: 2⁵³−1, beyond which JavaScript and other readers of doubles round.
    public static let largestId: UInt64 = 9_007_199_254_740_991
}
