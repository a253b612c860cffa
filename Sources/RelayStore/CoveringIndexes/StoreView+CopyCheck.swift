import LMDB

extension StoreView {
    /// Looks at every copy of a document: where it stands, whether its list has it there, and
    /// whether it is the document. A list that has copies has one for each of its keys.
    func checkCopies(_ report: inout CheckReport) throws(StoreError) {
        var next: [UInt8]? = [0]
        var list: ListKey?
        var copies: UInt64 = 0
        var last: UInt128?
        while let from = next, let key = try copyName(atOrAfter: from) {
            next = key + [0]
            let owner = try CopyKey.list(key.span.bytes)
            if owner != list {
                if let list { try check(copies, of: list, &report) }
                (list, copies, last) = (owner, 0, nil)
            }
            do throws(StoreError) {
                copies += try checkCopies(of: owner, key, &last, &report)
            } catch {
                report.fault("a block of copies of \(owner): \(error)")
            }
        }
        if let list { try check(copies, of: list, &report) }
    }

    private func check(
        _ copies: UInt64, of list: ListKey, _ report: inout CheckReport
    ) throws(StoreError) {
        let keys = try count(list)
        if keys != copies { report.fault("list \(list): \(copies) copies for \(keys) keys") }
    }

    /// Checks one block; returns how many copies it has.
    private func checkCopies(
        of list: ListKey, _ key: [UInt8], _ last: inout UInt128?, _ report: inout CheckReport
    ) throws(StoreError) -> UInt64 {
        guard let bytes = try value(key.span.bytes, in: databases.copies) else { return 0 }
        let block = try DocumentBlock(bytes)
        if block.isOversize, block.count > 1 { report.fault("copies of \(list): too large") }
        for index in 0..<block.count {
            let order = block.version(at: index)
            let document = DocumentKey(rawValue: block.key(at: index))
            let place = BlockSet.copies(list).place(key: document.rawValue, word: order)
            if index == 0, place != CopyKey.place(key.span.bytes) {
                report.fault("copies of \(list): another first document")
            }
            if let last, place <= last { report.fault("copies of \(list): not ascending") }
            last = place
            if try !contains(wide: UInt128(order) << 64 | UInt128(document.id), in: list) {
                report.fault("copy of \(document.describing): not in its list \(list)")
            }
            try check(block, index, of: document, &report)
        }
        return UInt64(block.count)
    }

    private func check(
        _ block: borrowing DocumentBlock, _ index: Int, of key: DocumentKey,
        _ report: inout CheckReport
    ) throws(StoreError) {
        let copy = try block.document(at: index)
        if !copy.isIntact { report.fault("copy of \(key.describing): wrong checksum") }
        guard let document = try document(key) else {
            return report.fault("copy of \(key.describing): there is no such document")
        }
        if document.json.copied() != copy.json.copied() {
            report.fault("copy of \(key.describing): not what the document is")
        }
    }

    /// The key of the first block of copies that is not before this one.
    private func copyName(atOrAfter name: [UInt8]) throws(StoreError) -> [UInt8]? {
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.copies)
            return try cursor.seek(atOrAfter: name.span.bytes)?.key.copied()
        } catch {
            throw StoreError(error)
        }
    }
}
