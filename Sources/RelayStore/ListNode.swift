/// A node of a counted list in the map.
///
///     header  8      level u8, format u8, count u16, 0 u32
///     leaf    8 × count   keys u64, ascending
///     inner   24 × count  first key u64, node number u64, keys below it u64
///
/// The root record of a list is its total (u64) and then its root node.
struct ListNode: ~Escapable {
    static let headerBytes = 8
    static let totalBytes = 8
    static let childBytes = 24
    static let format: UInt8 = 1

    private let bytes: RawSpan
    private let start: Int
    let level: Int
    let count: Int

    /// Looks at a node whose header begins at `start`.
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, at start: Int = 0) throws(StoreError) {
        guard bytes.byteCount >= start + Self.headerBytes, bytes.byte(at: start + 1) == Self.format
        else { throw .corrupted(what: "a list node's header") }
        level = Int(bytes.byte(at: start))
        count = Int(bytes.quarter(at: start + 2))
        let entryBytes = level == 0 ? 8 : Self.childBytes
        guard bytes.byteCount == start + Self.headerBytes + entryBytes * count,
            level <= Limits.listLevels
        else { throw .corrupted(what: "a list node's size") }
        self.bytes = bytes
        self.start = start + Self.headerBytes
    }

    /// A leaf without keys, which is none that is stored.
    static var none: ListNode { @_lifetime(immortal) get { ListNode(empty: ()) } }

    @_lifetime(immortal)
    private init(empty: ()) {
        bytes = RawSpan()
        start = 0
        level = 0
        count = 0
    }

    /// The bytes of header and entries.
    var content: RawSpan {
        @_lifetime(copy self) get {
            bytes.extracting(start - Self.headerBytes..<bytes.byteCount)
        }
    }

    /// A key of a leaf.
    @inline(__always)
    func key(at index: Int) -> UInt64 {
        precondition(level == 0 && UInt(bitPattern: index) < UInt(bitPattern: count))
        // `init` saw to it that a leaf has `count` keys.
        return bytes.word(unchecked: start &+ 8 &* index)
    }

    /// The id in a key of a leaf; the caller knows that there are more than `index` keys.
    @inline(__always)
    func id(unchecked index: Int) -> UInt64 {
        DocumentKey(rawValue: bytes.word(unchecked: start &+ 8 &* index)).id
    }

    /// A child of an inner node.
    @inline(__always)
    func first(at index: Int) -> UInt64 { bytes.word(at: start + Self.childBytes * index) }

    @inline(__always)
    func node(at index: Int) -> UInt64 { bytes.word(at: start + Self.childBytes * index + 8) }

    @inline(__always)
    func keys(at index: Int) -> UInt64 { bytes.word(at: start + Self.childBytes * index + 16) }

    /// Position of the first key of a leaf that is not less.
    func lowerBound(_ key: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self.key(at: middle) < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Position of the child below which a key belongs: the last that does not begin after it.
    func child(for key: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if first(at: middle) <= key { low = middle + 1 } else { high = middle }
        }
        return max(low - 1, 0)
    }
}

/// A child of an inner node.
struct ListChild {
    var first: UInt64
    var node: UInt64
    var keys: UInt64
}

/// A node under change, in `WriteScratch`; laid out as `ListNode`, with room for one entry over
/// the limit, which `split` then takes care of.
struct ListNodeBuffer {
    // SAFETY: memory of the WriteScratch that made this; valid as long as its transaction.
    let base: UnsafeMutableRawPointer

    var level: Int {
        get { Int(base.load(as: UInt8.self)) }
        nonmutating set {
            base.storeBytes(of: 0, as: UInt64.self)
            base.storeBytes(of: UInt8(newValue), as: UInt8.self)
            base.storeBytes(of: ListNode.format, toByteOffset: 1, as: UInt8.self)
        }
    }

    var count: Int {
        get { Int(base.load(fromByteOffset: 2, as: UInt16.self)) }
        nonmutating set {
            base.storeBytes(of: UInt16(newValue), toByteOffset: 2, as: UInt16.self)
        }
    }

    /// The keys of a leaf.
    var keys: UnsafeMutablePointer<UInt64> {
        // SAFETY: aligned to 8 bytes by WriteScratch, and of the size of one more than the limit.
        (base + ListNode.headerBytes).assumingMemoryBound(to: UInt64.self)
    }

    /// The children of an inner node.
    var children: UnsafeMutablePointer<ListChild> {
        // SAFETY: as for keys; a child is three words.
        (base + ListNode.headerBytes).assumingMemoryBound(to: ListChild.self)
    }

    var capacity: Int { level == 0 ? Limits.leafKeys : Limits.innerChildren }

    private var entryBytes: Int { level == 0 ? 8 : ListNode.childBytes }

    /// Header and entries.
    var content: UnsafeRawBufferPointer {
        // SAFETY: as long as `base`; read before the next change of this buffer.
        UnsafeRawBufferPointer(start: base, count: ListNode.headerBytes + entryBytes * count)
    }

    /// The smallest key in or below this node.
    var first: UInt64 { level == 0 ? keys[0] : children[0].first }

    /// Number of keys in or below this node.
    var total: UInt64 {
        if level == 0 { return UInt64(count) }
        var total: UInt64 = 0
        for index in 0..<count { total += children[index].keys }
        return total
    }

    /// Becomes a copy of a node in the map.
    func load(_ node: borrowing ListNode) throws(StoreError) {
        let limit = node.level == 0 ? Limits.leafKeys : Limits.innerChildren
        guard node.count <= limit else { throw .corrupted(what: "a list node's size") }
        // SAFETY: copied at once; the limit above is what a buffer holds.
        node.content.withUnsafeBytes {
            base.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
    }

    /// Makes room for an entry.
    func openGap(at index: Int) {
        let gap = base + ListNode.headerBytes + entryBytes * index
        gap.advanced(by: entryBytes).copyMemory(from: gap, byteCount: entryBytes * (count - index))
        count += 1
    }

    /// Takes an entry out.
    func closeGap(at index: Int) {
        let gap = base + ListNode.headerBytes + entryBytes * index
        count -= 1
        gap.copyMemory(from: gap.advanced(by: entryBytes), byteCount: entryBytes * (count - index))
    }

    /// Moves the entries from `index` on into an empty buffer.
    func split(at index: Int, into right: ListNodeBuffer) {
        right.level = level
        right.count = count - index
        (right.base + ListNode.headerBytes).copyMemory(
            from: base + ListNode.headerBytes + entryBytes * index,
            byteCount: entryBytes * (count - index))
        count = index
    }

    /// Takes over all entries of its right sibling.
    func append(_ right: ListNodeBuffer) {
        (base + ListNode.headerBytes + entryBytes * count).copyMemory(
            from: right.base + ListNode.headerBytes, byteCount: entryBytes * right.count)
        count += right.count
    }
}
