/// What a counted list is a list of: unsigned integers of 64 or 128 bits.
///
/// One tree serves both. The functions that other modules call name the width, so that the
/// compiler makes code of its own for each and nothing is decided at run time.
protocol CountedKey: FixedWidthInteger, UnsignedInteger, BitwiseCopyable, Sendable {
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
    static var nodeFormat: UInt8 { 1 }
    static var leafKeys: Int { Limits.leafKeys }
    static var innerChildren: Int { Limits.innerChildren }

    @inline(__always)
    static func load(_ bytes: RawSpan, at offset: Int) -> UInt64 { bytes.word(at: offset) }

    @inline(__always)
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64 {
        bytes.word(unchecked: offset)
    }
}

extension UInt128: CountedKey {
    static var nodeFormat: UInt8 { 2 }
    static var leafKeys: Int { Limits.wideLeafKeys }
    static var innerChildren: Int { Limits.wideInnerChildren }

    @inline(__always)
    static func load(_ bytes: RawSpan, at offset: Int) -> UInt128 {
        UInt128(bytes.word(at: offset + 8)) << 64 | UInt128(bytes.word(at: offset))
    }

    @inline(__always)
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt128 {
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
