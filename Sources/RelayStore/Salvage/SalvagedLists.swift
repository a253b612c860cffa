import LMDB

/// The counted lists of a data file that is partly damaged, and its counters.
final class SalvagedLists {
    private var pages: PageSalvage
    // SAFETY (both): in the map of `pages`, which live as long as this value.
    private var roots: [(key: ListKey, node: UnsafeRawBufferPointer)] = []
    /// Nodes below the roots, by number.
    private var nodes: [UInt64: UnsafeRawBufferPointer] = [:]
    /// Nil unless all of them are there.
    private(set) var counters: [CountedResource]?

    /// - Parameter vouched: the pages that are looked at.
    init(in directory: String, pageBytes: Int, vouched: PageSet) throws(StoreError) {
        pages = try lifting { () throws(LMDBError) in
            try PageSalvage(in: directory, pageBytes: pageBytes, vouched: vouched)
        }
        _ = pages.forEachEntry(of: "blocks") { entry in
            if entry.isVouched, let number = entry.number { nodes[number] = entry.value }
        }
        _ = pages.forEachEntry(of: "lists") { entry in
            guard entry.isVouched, let key = entry.key,
                entry.value.count > ListLayout.totalBytes
            else { return }
            // SAFETY: copied during the call.
            guard let list = try? ListKey(stored: RawSpan(_unsafeBytes: key)) else { return }
            let node = UnsafeRawBufferPointer(rebasing: entry.value[ListLayout.totalBytes...])
            roots.append((list, node))
        }
        readCounters()
    }

    private func readCounters() {
        var found: [CountedResource] = []
        var isSound = true
        let isWhole = pages.forEachEntry(of: "counters") { entry in
            guard let family = entry.number, entry.value.count == 16 else {
                isSound = false
                return
            }
            let key = DocumentKey(rawValue: family << Limits.idBits)
            let counter = ResourceCounter(
                lastID: entry.value.loadUnaligned(as: UInt64.self),
                changeSequence: entry.value.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            found.append(
                CountedResource(account: key.account, resource: key.resource, counter: counter))
        }
        counters = isWhole && isSound ? found : nil
    }

    /// The keys of lists whose names pass, as far as they are there.
    func forEach(where passes: (ListKey) -> Bool, _ body: (ListKey, [UInt128]) -> Void) {
        for (list, root) in roots where passes(list) {
            var found: [UInt128] = []
            gather(root, UInt64.self, into: &found)
            gather(root, UInt128.self, into: &found)
            body(list, found)
        }
    }

    /// Keys below a node; none if it is of the other width.
    private func gather<Key: CountedKey>(
        _ root: UnsafeRawBufferPointer, _ width: Key.Type, into keys: inout [UInt128]
    ) {
        var waiting = [(bytes: root, level: Limits.listLevels + 1)]
        while let (bytes, level) = waiting.popLast() {
            // SAFETY: read during the call, see above.
            guard let node = try? ListNode<Key>(RawSpan(_unsafeBytes: bytes)), node.level < level
            else { continue }
            for index in 0..<node.count {
                if node.level == 0 {
                    keys.append(UInt128(node.key(at: index)))
                } else if let child = nodes[node.node(at: index)] {
                    waiting.append((child, node.level))
                }
            }
        }
    }
}
