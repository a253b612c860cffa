/// The nodes of a branch or leaf page (`MDB_page`, `MDB_node`): nothing is believed that does not
/// lie within the page.
struct PageNodes {
    /// Bytes before the pointers of a page, and before the value of a large one.
    static let headerBytes = 16
    private static let nodeHeader = 8
    private static let large: UInt16 = 0x01
    private static let tree: UInt16 = 0x02

    // SAFETY (all of this type): lent by an image that outlives this value, see `ImagePages`.
    private let page: UnsafeRawBufferPointer
    private let upper: Int
    /// Nodes on the page.
    let count: Int

    /// One node.
    struct Node {
        // SAFETY: key and value lie within the page, see above.
        let key: UnsafeRawBufferPointer
        /// What is on the page: the value, or the number of the first page that has it.
        let value: UnsafeRawBufferPointer
        /// Bytes of the value, wherever it is.
        let valueBytes: Int
        /// The page below, on a branch page.
        let child: UInt64
        let isLarge: Bool
        let isTree: Bool
    }

    /// Nil when the header is not one.
    init?(_ page: UnsafeRawBufferPointer) {
        let lower = Int(page.loadUnaligned(fromByteOffset: 12, as: UInt16.self))
        upper = Int(page.loadUnaligned(fromByteOffset: 14, as: UInt16.self))
        guard lower >= Self.headerBytes, lower <= upper, upper <= page.count, lower % 2 == 0
        else { return nil }
        self.page = page
        count = (lower - Self.headerBytes) / 2
    }

    /// A node by its position; nil when it does not lie within the page.
    func node(at index: Int) -> Node? {
        let pointer = Self.headerBytes + 2 * index
        let start = Int(page.loadUnaligned(fromByteOffset: pointer, as: UInt16.self))
        guard start >= upper, start + Self.nodeHeader <= page.count else { return nil }
        let low = page.loadUnaligned(fromByteOffset: start, as: UInt32.self)
        let flags = page.loadUnaligned(fromByteOffset: start + 4, as: UInt16.self)
        let keyBytes = Int(page.loadUnaligned(fromByteOffset: start + 6, as: UInt16.self))
        let keyStart = start + Self.nodeHeader
        let valueStart = keyStart + keyBytes
        let isBranch = page.loadUnaligned(fromByteOffset: 10, as: UInt16.self) & 0x01 != 0
        let isLarge = !isBranch && flags & Self.large != 0
        let stored = isBranch ? 0 : isLarge ? 8 : Int(low)
        guard valueStart + stored <= page.count,
            isBranch || flags & ~(Self.large | Self.tree) == 0
        else { return nil }
        return Node(
            key: UnsafeRawBufferPointer(rebasing: page[keyStart..<valueStart]),
            value: UnsafeRawBufferPointer(rebasing: page[valueStart..<valueStart + stored]),
            valueBytes: Int(low), child: UInt64(low) | UInt64(flags) << 32, isLarge: isLarge,
            isTree: !isBranch && flags & Self.tree != 0)
    }
}
