/// What a counted list is a list of: unsigned integers of 64 or 128 bits, and no others.
///
/// One tree serves both. What other modules call is specialized for each width in this one, so that
/// nothing is decided at run time.
public protocol CountedKey: FixedWidthInteger, UnsignedInteger, BitwiseCopyable, Sendable {
    /// Stands in the header of each node: how wide its keys are.
    static var nodeFormat: UInt8 { get }
    /// Keys in one leaf.
    static var leafKeys: Int { get }
    /// Children of one inner node.
    static var innerChildren: Int { get }
    /// The key at an offset, after a check of the bounds.
    static func load(_ bytes: RawSpan, at offset: Int) -> Self
    /// The key at an offset that the caller knows to be within the bytes.
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> Self
}

extension CountedKey {
    /// Bytes of a key.
    @inline(__always)
    static var byteCount: Int { Self.bitWidth / 8 }

    /// Bytes of a child of an inner node: the first key, the number, the count.
    @inline(__always)
    static var childBytes: Int { byteCount + 16 }
}

extension UInt64: CountedKey {
    /// Stands in the header of a node of 64-bit keys.
    public static var nodeFormat: UInt8 { 1 }
    /// Keys in one leaf.
    public static var leafKeys: Int { Limits.leafKeys }
    /// Children of one inner node.
    public static var innerChildren: Int { Limits.innerChildren }

    /// The key at an offset, after a check of the bounds.
    @inline(__always)
    public static func load(_ bytes: RawSpan, at offset: Int) -> UInt64 { bytes.word(at: offset) }

    /// The key at an offset that the caller knows to be within the bytes.
    @inline(__always)
    public static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64 {
        bytes.word(unchecked: offset)
    }
}

extension UInt128: CountedKey {
    /// Stands in the header of a node of 128-bit keys.
    public static var nodeFormat: UInt8 { 2 }
    /// Keys in one leaf.
    public static var leafKeys: Int { Limits.wideLeafKeys }
    /// Children of one inner node.
    public static var innerChildren: Int { Limits.wideInnerChildren }

    /// The key at an offset, after a check of the bounds.
    @inline(__always)
    public static func load(_ bytes: RawSpan, at offset: Int) -> UInt128 {
        UInt128(bytes.word(at: offset + 8)) << 64 | UInt128(bytes.word(at: offset))
    }

    /// The key at an offset that the caller knows to be within the bytes.
    @inline(__always)
    public static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt128 {
        UInt128(bytes.word(unchecked: offset &+ 8)) << 64 | UInt128(bytes.word(unchecked: offset))
    }
}

/// What nodes of both widths share.
enum ListLayout {
    /// Bytes of a node's header.
    static let headerBytes = 8
    /// Bytes of the total before a root node.
    static let totalBytes = 8
}
