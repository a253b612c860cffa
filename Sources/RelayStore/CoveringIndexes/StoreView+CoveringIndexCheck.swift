import LMDB

extension StoreView {
    /// Looks at every entry of every covering index: where it stands, whether its list has it there, and
    /// whether it is the document. A covering index has one for each key of its list.
    func checkCoveringIndexes(_ report: inout CheckReport) throws(StoreError) {
        var next: [UInt8]? = [0]
        var list: ListKey?
        var entries: UInt64 = 0
        var last: UInt128?
        while let from = next, let key = try blockName(atOrAfter: from) {
            next = key + [0]
            let owner = try CoveringKey.list(key.span.bytes)
            if owner != list {
                if let list { try check(entries, of: list, &report) }
                (list, entries, last) = (owner, 0, nil)
            }
            do throws(StoreError) {
                entries += try checkCoveringIndexes(of: owner, key, &last, &report)
            } catch {
                report.fault("a block of the covering index of \(owner): \(error)")
            }
        }
        if let list { try check(entries, of: list, &report) }
    }

    private func check(
        _ entries: UInt64, of list: ListKey, _ report: inout CheckReport
    ) throws(StoreError) {
        let keys = try count(list)
        if keys != entries {
            report.fault("covering index of the \(list): \(entries) entries for \(keys) keys")
        }
    }

    /// Checks one block; returns how many entries it has.
    private func checkCoveringIndexes(
        of list: ListKey, _ key: [UInt8], _ last: inout UInt128?, _ report: inout CheckReport
    ) throws(StoreError) -> UInt64 {
        guard let bytes = try value(key.span.bytes, in: databases.coveringIndexes) else { return 0 }
        let block = try DocumentBlock(bytes)
        if block.isOversize, block.count > 1 {
            report.fault("covering index of the \(list): a block is too large")
        }
        let keys = try self.list(list, of: UInt128.self)
        for index in 0..<block.count {
            let order = block.version(at: index)
            let document = DocumentKey(rawValue: block.key(at: index))
            let place = BlockSet.coveringIndex(list).place(key: document.rawValue, word: order)
            if index == 0, place != CoveringKey.place(key.span.bytes) {
                report.fault("covering index of the \(list): another first document")
            }
            if let last, place <= last {
                report.fault("covering index of the \(list): not ascending")
            }
            last = place
            if try !keys.contains(UInt128(order) << 64 | UInt128(document.id)) {
                report.fault(
                    "covering index of the \(list): \(document.describing) is not in the list")
            }
            try check(block, index, of: document, &report)
        }
        return UInt64(block.count)
    }

    private func check(
        _ block: borrowing DocumentBlock, _ index: Int, of key: DocumentKey,
        _ report: inout CheckReport
    ) throws(StoreError) {
        let entry = try block.document(at: index)
        if !entry.isIntact {
            report.fault("covering index: \(key.describing) has a wrong checksum")
        }
        guard let document = try document(key) else {
            return report.fault("covering index: \(key.describing): there is no such document")
        }
        if document.json.copied() != entry.json.copied() {
            report.fault("covering index: \(key.describing) is not what the document is")
        }
    }

    /// The key of the first block of covering indexes that is not before this one.
    private func blockName(atOrAfter name: [UInt8]) throws(StoreError) -> [UInt8]? {
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.coveringIndexes)
            return try cursor.seek(atOrAfter: name.span.bytes)?.key.copied()
        } catch {
            throw StoreError(error)
        }
    }
}
