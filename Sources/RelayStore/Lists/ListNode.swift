/// A node of a counted list in the map.
///
///     header  8      level u8, format u8, count u16, 0 u32
///     leaf    8 × count   keys u64, ascending
///     inner   24 × count  first key u64, node number u64, keys below it u64
///
/// Of a list with 128-bit keys the format is 2, a key takes 16 bytes and a child 32.
///
/// The root record of a list is its total (u64) and then its root node.
struct ListNode<Key: CountedKey>: ~Escapable {
    let bytes: RawSpan
    let start: Int
    let level: Int
    let count: Int

    /// Looks at a node whose header begins at `start`.
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, at start: Int = 0) throws(ListFault) {
        guard bytes.byteCount >= start + ListLayout.headerBytes,
            bytes.byte(at: start + 1) == Key.nodeFormat
        else { throw .header }
        level = Int(bytes.byte(at: start))
        count = Int(bytes.uint16(at: start + 2))
        let entryBytes = level == 0 ? Key.byteCount : Key.childBytes
        guard bytes.byteCount == start + ListLayout.headerBytes + entryBytes * count,
            level <= Limits.listLevels
        else { throw .size }
        self.bytes = bytes
        self.start = start + ListLayout.headerBytes
    }

    /// A leaf without keys, which is none that is stored.
    static var none: ListNode<Key> { @_lifetime(immortal) get { ListNode(empty: ()) } }

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
            bytes.extracting(start - ListLayout.headerBytes..<bytes.byteCount)
        }
    }

    /// A key of a leaf.
    @inline(__always)
    func key(at index: Int) -> Key {
        precondition(level == 0 && UInt(bitPattern: index) < UInt(bitPattern: count))
        // `init` saw to it that a leaf has `count` keys.
        return Key.load(bytes, unchecked: start &+ Key.byteCount &* index)
    }

    /// A child of an inner node.
    @inline(__always)
    func first(at index: Int) -> Key { Key.load(bytes, at: start + Key.childBytes * index) }

    @inline(__always)
    func node(at index: Int) -> UInt64 {
        bytes.word(at: start + Key.childBytes * index + Key.byteCount)
    }

    @inline(__always)
    func keys(at index: Int) -> UInt64 {
        bytes.word(at: start + Key.childBytes * index + Key.byteCount + 8)
    }

    /// Position of the first key of a leaf that is not less.
    func lowerBound(_ key: Key) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self.key(at: middle) < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Position of the child below which a key belongs: the last that does not begin after it.
    func child(for key: Key) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if first(at: middle) <= key { low = middle + 1 } else { high = middle }
        }
        return max(low - 1, 0)
    }
}

extension ListNode<UInt64> {
    /// The id in a key of a leaf; the caller knows that there are more than `index` keys.
    @inline(__always)
    func id(unchecked index: Int) -> UInt64 {
        DocumentKey(rawValue: bytes.word(unchecked: start &+ 8 &* index)).id
    }
}

/// A child of an inner node.
struct ListChild<Key: CountedKey> {
    var first: Key
    var node: UInt64
    var keys: UInt64
}
