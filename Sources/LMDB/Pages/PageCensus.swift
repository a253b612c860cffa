/// Counts every page of a commit: each is a meta page, or in exactly one tree, or free; and every
/// tree is in order.
///
/// Reads no byte that it has not checked to be there, so it may be let loose on any bytes. What is
/// in the values is somebody else's business.
public struct PageCensus {
    /// What was found.
    public struct Report: Sendable {
        /// What is wrong, at most `Limits.pageFaults` of it; empty if all is well.
        public internal(set) var faults: [String] = []
        /// Pages that are in trees.
        public internal(set) var usedPages = 0
        /// Pages that are free.
        public internal(set) var freePages = 0
        /// Each named database and its entries.
        public internal(set) var databases: [(name: String, entries: UInt64)] = []
    }

    private let pages: ImagePages
    private var seen: PageSet
    private var freed: PageSet
    private var report = Report()

    init(_ pages: ImagePages) {
        self.pages = pages
        seen = PageSet(below: pages.count)
        freed = PageSet(below: pages.count)
    }

    /// Walks all trees of a commit.
    mutating func take(_ meta: MetaPage) -> Report {
        walk(meta.freeList, name: "the free list", contents: .freePages)
        walk(meta.main, name: "the tree of databases", contents: .databases)
        var lost = 0
        for page in 2..<max(2, pages.count) where !seen.contains(page) && !freed.contains(page) {
            if lost == 0 { fault("page \(page) is neither in use nor free") }
            lost += 1
        }
        if lost > 1 { fault("\(lost) pages in all are neither in use nor free") }
        report.usedPages = seen.count
        report.freePages = freed.count
        return report
    }

    private mutating func fault(_ text: String) {
        if report.faults.count < Limits.pageFaults { report.faults.append(text) }
    }

    // MARK: Trees

    private enum Contents {
        case freePages
        case databases
        case records
    }

    /// What is counted while a tree is walked, to compare with what its record says.
    private struct Tally {
        let name: String
        let contents: Contents
        let hasIntegerKeys: Bool
        let depth: Int
        var branchPages: UInt64 = 0
        var leafPages: UInt64 = 0
        var overflowPages: UInt64 = 0
        var entries: UInt64 = 0
        // SAFETY: keys lie in the image's pages, see `ImagePages`.
        /// The last key of a leaf.
        var last: UnsafeRawBufferPointer?
        /// What the next key of a leaf must not be less than.
        var bound: UnsafeRawBufferPointer?

        /// Whether the first key sorts before the second.
        func areAscending(
            _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
        ) -> Bool {
            if hasIntegerKeys {
                guard first.count == 8, second.count == 8 else { return false }
                return first.loadUnaligned(as: UInt64.self)
                    < second.loadUnaligned(as: UInt64.self)
            }
            return first.lexicographicallyPrecedes(second)
        }
    }

    private mutating func walk(_ tree: TreeRecord, name: String, contents: Contents) {
        let integerKey: UInt16 = 0x08
        let knownFlags: UInt16 = 0x08
        if tree.flags & ~knownFlags != 0 {
            return fault("\(name): it is of a kind that Relay does not use")
        }
        var tally = Tally(
            name: name, contents: contents, hasIntegerKeys: tree.flags & integerKey != 0,
            depth: Int(tree.depth))
        if tree.root == TreeRecord.noPage {
            if tree.depth != 0 || tree.entries != 0 { fault("\(name): an empty tree with records") }
            return
        }
        guard tally.depth >= 1, tally.depth <= Limits.treeLevels else {
            return fault("\(name): \(tally.depth) levels")
        }
        visit(tree.root, level: 1, &tally)
        let counted = [
            tally.branchPages, tally.leafPages, tally.overflowPages, tally.entries,
        ]
        let recorded = [tree.branchPages, tree.leafPages, tree.overflowPages, tree.entries]
        if counted != recorded {
            fault(
                "\(name): pages and entries do not add up (counted \(counted), "
                    + "recorded \(recorded))")
        }
    }

    private mutating func visit(_ number: UInt64, level: Int, _ tally: inout Tally) {
        guard let page = claim(number, tally.name) else { return }
        let branch: UInt16 = 0x01
        let leaf: UInt16 = 0x02
        let flags = page.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
        guard flags == branch || flags == leaf, (flags == leaf) == (level == tally.depth) else {
            return fault("\(tally.name): page \(number) is not of the right kind")
        }
        guard let nodes = PageNodes(page) else {
            return fault("\(tally.name): the header of page \(number) is damaged")
        }
        if flags == branch { tally.branchPages += 1 } else { tally.leafPages += 1 }
        if nodes.count == 0 { fault("\(tally.name): page \(number) is empty") }
        for index in 0..<nodes.count {
            guard let node = nodes.node(at: index) else {
                return fault("\(tally.name): node \(index) of page \(number) is damaged")
            }
            if flags == branch {
                // The first key of an inner page stands for everything below it.
                if index > 0 { separate(node.key, number, &tally) }
                visit(node.child, level: level + 1, &tally)
            } else {
                enter(node, number, &tally)
            }
        }
    }

    /// A key of an inner page: all before it is less, all after it is not.
    private mutating func separate(
        _ key: UnsafeRawBufferPointer, _ number: UInt64, _ tally: inout Tally
    ) {
        if let last = tally.last, !tally.areAscending(last, key) {
            fault("\(tally.name): page \(number) leads to the wrong place")
        }
        tally.bound = key
    }

    /// An entry of a leaf.
    private mutating func enter(
        _ node: PageNodes.Node, _ number: UInt64, _ tally: inout Tally
    ) {
        tally.entries += 1
        if let last = tally.last, !tally.areAscending(last, node.key) {
            fault("\(tally.name): the keys of page \(number) do not ascend")
        }
        if let bound = tally.bound, tally.areAscending(node.key, bound) {
            fault("\(tally.name): page \(number) is in the wrong place")
        }
        tally.last = node.key
        tally.bound = nil
        var value = node.value
        if node.isLarge {
            guard let run = overflow(node, &tally) else { return }
            value = run
        }
        switch tally.contents {
        case .records:
            if node.isTree { fault("\(tally.name): a tree among its records") }
        case .databases:
            guard node.isTree, value.count == TreeRecord.byteCount else {
                return fault("\(tally.name): a record that is no database")
            }
            // SAFETY: the record is copied out of the value.
            let record = TreeRecord(RawSpan(_unsafeBytes: value), at: 0)
            let name = String(decoding: node.key, as: UTF8.self)
            report.databases.append((name, record.entries))
            walk(record, name: "database \(name)", contents: .records)
        case .freePages: release(value, number)
        }
    }

    // MARK: Pages

    /// Takes a page for a tree; nil if it cannot be one or is taken.
    private mutating func claim(_ number: UInt64, _ name: String) -> UnsafeRawBufferPointer? {
        guard number >= 2, number < UInt64(pages.readableCount) else {
            fault("\(name): page \(number) is outside of the file")
            return nil
        }
        guard seen.insert(Int(number)) else {
            fault("\(name): page \(number) is reached twice")
            return nil
        }
        if freed.contains(Int(number)) { fault("\(name): page \(number) is free and in use") }
        let page = pages.page(Int(number))
        guard page.loadUnaligned(as: UInt64.self) == number else {
            fault("\(name): page \(number) says it is another one")
            return nil
        }
        return page
    }

    /// The value of a node on pages of its own.
    private mutating func overflow(
        _ node: PageNodes.Node, _ tally: inout Tally
    ) -> UnsafeRawBufferPointer? {
        let number = node.value.loadUnaligned(as: UInt64.self)
        guard let page = claim(number, tally.name) else { return nil }
        let overflow: UInt16 = 0x04
        let count = Int(page.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        let wanted =
            (PageNodes.headerBytes + node.valueBytes + pages.pageBytes - 1)
            / pages.pageBytes
        guard page.loadUnaligned(fromByteOffset: 10, as: UInt16.self) == overflow,
            // A value that replaces a longer one of the same transaction keeps its pages.
            count >= wanted, Int(number) + count <= pages.readableCount
        else {
            fault("\(tally.name): page \(number) is not the large value it must be")
            return nil
        }
        tally.overflowPages += UInt64(count)
        for page in Int(number) + 1..<Int(number) + count {
            if !seen.insert(page) { fault("\(tally.name): page \(page) is reached twice") }
            if freed.contains(page) { fault("\(tally.name): page \(page) is free and in use") }
        }
        return pages.run(Int(number), count, skipping: PageNodes.headerBytes, node.valueBytes)
    }

    /// A record of the free list: a count and as many page numbers.
    private mutating func release(_ value: UnsafeRawBufferPointer, _ number: UInt64) {
        let count = value.count >= 8 ? value.loadUnaligned(as: UInt64.self) : .max
        guard count < UInt64(value.count / 8) else {
            return fault("the free list: a damaged record on page \(number)")
        }
        for index in 0..<Int(count) {
            let page = value.loadUnaligned(fromByteOffset: 8 + 8 * index, as: UInt64.self)
            guard page >= 2, page < UInt64(pages.count) else {
                return fault("the free list: page \(page) is outside of the file")
            }
            if !freed.insert(Int(page)) { fault("the free list: page \(page) is free twice") }
            if seen.contains(Int(page)) {
                fault("the free list: page \(page) is free and in use")
            }
        }
    }
}
