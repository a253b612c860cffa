import Glibc

/// What can still be read of a data file whose pages are partly damaged or missing, without liblmdb.
///
/// Reads no byte that it has not checked to be there. Trees are followed on pages only that somebody
/// vouches for. What they do not reach is found by going through all pages: that is told from other
/// things only by who knows it by a checksum of its own.
public struct PageSalvage: ~Copyable {
    /// One entry of a tree, or a value that no tree leads to.
    public struct Entry {
        // SAFETY: both lie in the map, which lives as long as the salvage.
        /// Nil for a large value whose key is lost.
        public let key: UnsafeRawBufferPointer?
        /// The value's bytes.
        public let value: UnsafeRawBufferPointer
        /// Whether all bytes of the value are vouched for.
        public let isVouched: Bool
    }

    // SAFETY (all of this type): mapped in init, unmapped in deinit, in a file that nobody writes to.
    private let bytes: UnsafeRawBufferPointer
    private let pageBytes: Int
    private let count: Int
    private let vouched: PageSet
    /// Pages that were read as what they are.
    private var seen: PageSet
    private var databases: [String: TreeRecord] = [:]
    /// Whether these are all databases.
    private var knowsDatabases = false

    private static let leaf: UInt16 = 0x02
    private static let branch: UInt16 = 0x01
    private static let overflow: UInt16 = 0x04

    /// Maps the data file of a directory.
    ///
    /// - Parameter vouched: the pages whose bytes are known to be what was written.
    public init(
        in directory: String, pageBytes: Int, vouched: PageSet
    ) throws(LMDBError) {
        precondition(
            pageBytes.nonzeroBitCount == 1 && Limits.pageBytes.contains(UInt32(pageBytes)),
            "pages have a size that LMDB knows")
        bytes = try MappedFile.map(
            Environment.dataPath(in: directory), smallest: pageBytes)
        self.pageBytes = pageBytes
        count = bytes.count / pageBytes
        self.vouched = vouched
        seen = PageSet(below: count)
        findDatabases()
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count) }

    // MARK: Trees

    /// The newer one of the meta pages that can be read says where the trees begin.
    private mutating func findDatabases() {
        var newest: MetaPage?
        for number in 0..<min(2, count) where isVouched(number, 1) {
            guard let meta = try? MetaPage(page(number), path: ""),
                Int(meta.pageBytes) == pageBytes
            else { continue }
            if meta.transaction > newest?.transaction ?? 0 { newest = meta }
        }
        guard let newest else { return }
        var found: [String: TreeRecord] = [:]
        var isOdd = false
        knowsDatabases = walk(newest.main) { key, node, value, _ in
            guard let value, node.isTree, value.count == TreeRecord.byteCount else {
                isOdd = true
                return
            }
            // SAFETY: the record is copied out of the value.
            found[String(decoding: key, as: UTF8.self)] = TreeRecord(
                RawSpan(_unsafeBytes: value), at: 0)
        }
        if isOdd { knowsDatabases = false }
        databases = found
        // LMDB's own; nobody asks for it, and it is no loose page.
        _ = walk(newest.freeList) { _, _, _, _ in }
    }

    /// Hands over what can be read of a database. To be called once for each.
    ///
    /// - Returns: whether that is all of it, and vouched for.
    public mutating func forEachEntry(of database: String, _ body: (Entry) -> Void) -> Bool {
        guard let tree = databases[database] else { return knowsDatabases }
        var isWhole = true
        let isWalked = walk(tree) { key, node, value, isVouched in
            guard let value, !node.isTree else {
                isWhole = false
                return
            }
            if !isVouched { isWhole = false }
            body(Entry(key: key, value: value, isVouched: isVouched))
        }
        return isWalked && isWhole
    }

    /// Walks a tree. `body` gets the key, its node, and the value unless that is lost.
    ///
    /// - Returns: whether all of the tree's pages were there.
    private mutating func walk(
        _ tree: TreeRecord,
        _ body: (UnsafeRawBufferPointer, PageNodes.Node, UnsafeRawBufferPointer?, Bool) -> Void
    ) -> Bool {
        if tree.root == TreeRecord.noPage { return tree.entries == 0 }
        var isWhole = true
        var entries: UInt64 = 0
        var waiting: [(page: UInt64, level: Int)] = [(tree.root, 1)]
        while let (number, level) = waiting.popLast() {
            guard let nodes = claim(number, level: level, of: Int(tree.depth)) else {
                isWhole = false
                continue
            }
            for index in 0..<nodes.count {
                guard let node = nodes.node(at: index) else {
                    isWhole = false
                    continue
                }
                if level < Int(tree.depth) {
                    waiting.append((node.child, level + 1))
                } else {
                    entries += 1
                    let (value, isVouched) = value(of: node)
                    body(node.key, node, value, isVouched)
                }
            }
        }
        return isWhole && entries == tree.entries
    }

    /// Takes a page for a tree; nil unless it is vouched for and can be what the tree needs there.
    private mutating func claim(_ number: UInt64, level: Int, of depth: Int) -> PageNodes? {
        guard depth <= Limits.treeLevels, number >= 2, number < UInt64(count),
            isVouched(Int(number), 1), header(Int(number)).number == number,
            header(Int(number)).flags == (level == depth ? Self.leaf : Self.branch),
            let nodes = PageNodes(page(Int(number))), seen.insert(Int(number))
        else { return nil }
        return nodes
    }

    /// The value of a leaf's node; nil if its own pages cannot be read.
    ///
    /// - Parameter isReached: whether a tree led to the leaf.
    private mutating func value(
        of node: PageNodes.Node, isReached: Bool = true
    ) -> (bytes: UnsafeRawBufferPointer?, isVouched: Bool) {
        guard node.isLarge else { return (node.value, true) }
        let number = node.value.loadUnaligned(as: UInt64.self)
        let pages =
            (PageNodes.headerBytes + node.valueBytes + pageBytes - 1) / pageBytes
        guard number >= 2, number < UInt64(count), pages <= count - Int(number) else {
            return (nil, false)
        }
        let first = Int(number)
        let isThere = header(first).number == number && header(first).flags == Self.overflow
        // Also where the value is lost: what is on these pages is a part of it, and nothing else.
        if isThere || isReached { seen.insert(first..<first + pages) }
        if !isThere { return (nil, false) }
        let start = first * pageBytes + PageNodes.headerBytes
        return (
            UnsafeRawBufferPointer(rebasing: bytes[start..<start + node.valueBytes]),
            isVouched(first, pages)
        )
    }

    // MARK: Loose pages

    /// Hands over what is on pages that no tree has led to; nothing of it is vouched for. A large value
    /// whose key is lost is as long as its pages. To be called last.
    public mutating func forEachLooseEntry(_ body: (Entry) -> Void) {
        var leaves: [Int] = []
        var runs: [Range<Int>] = []
        var number = 2
        while number < count {
            let (said, flags, pages) = header(number)
            if seen.contains(number) || said != UInt64(number) {
                number += 1
            } else if flags == Self.overflow, pages > 0, pages <= count - number {
                runs.append(number..<number + pages)
                number += pages
            } else {
                if flags == Self.leaf { leaves.append(number) }
                number += 1
            }
        }
        for number in leaves where seen.insert(number) {
            guard let nodes = PageNodes(page(number)) else { continue }
            for index in 0..<nodes.count {
                guard let node = nodes.node(at: index), !node.isTree,
                    let value = value(of: node, isReached: false).bytes
                else { continue }
                body(Entry(key: node.key, value: value, isVouched: false))
            }
        }
        for run in runs where !seen.contains(run.lowerBound) {
            let start = run.lowerBound * pageBytes + PageNodes.headerBytes
            let value = UnsafeRawBufferPointer(
                rebasing: bytes[start..<run.upperBound * pageBytes])
            body(Entry(key: nil, value: value, isVouched: false))
        }
    }

    // MARK: Pages

    private func page(_ number: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: bytes[number * pageBytes..<(number + 1) * pageBytes])
    }

    /// What a page says of itself: its number, its kind, and of a large value how many pages it has.
    private func header(_ number: Int) -> (number: UInt64, flags: UInt16, pages: Int) {
        let page = page(number)
        return (
            page.loadUnaligned(as: UInt64.self),
            page.loadUnaligned(fromByteOffset: 10, as: UInt16.self),
            Int(page.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        )
    }

    private func isVouched(_ first: Int, _ pages: Int) -> Bool {
        (first..<first + pages).allSatisfy { $0 < vouched.bound && vouched.contains($0) }
    }
}
