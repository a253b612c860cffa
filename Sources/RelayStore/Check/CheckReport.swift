import LMDB

/// What a check of the store found.
public struct CheckReport: Equatable, Sendable {
    /// Documents that were looked at, without those of covering indexes.
    public var documents: UInt64 = 0
    /// Bytes that were compared with their checksums: the documents' JSON, and files.
    public var bytes = 0
    /// Blocks that hold them.
    public var blocks: UInt64 = 0
    /// The sum of their checksums, modulo 2^64.
    public var checksums: UInt64 = 0
    /// Counted lists.
    public var lists: UInt64 = 0
    /// Keys in all lists.
    public var listKeys: UInt64 = 0
    /// Files that documents own.
    public var blobs: UInt64 = 0
    /// Chunks of files, those of uploads included.
    public var chunks: UInt64 = 0
    /// What is wrong, at most `Limits.checkFaults` of it; empty if the store is sound.
    public var faults: [String] = []

    mutating func fault(_ text: String) {
        if faults.count < Limits.checkFaults { faults.append(text) }
    }
}

extension Store {
    /// Looks at every document and list: structure, counts, order and checksums. Reads one commit
    /// from end to end, which keeps its pages from being reused meanwhile.
    public func check() throws(StoreError) -> CheckReport {
        let reader = try makeReader()
        return try reader.view.check()
    }
}

extension StoreView {
    /// See `Store.check`.
    public func check() throws(StoreError) -> CheckReport {
        var report = CheckReport()
        try checkDocuments(&report)
        try checkReplica(&report)
        try checkLists(&report)
        try checkCoveringIndexes(&report)
        try checkBlobs(&report)
        try checkUses(&report)
        return report
    }

    /// Whether the documents are those that the messages of a shared log have made.
    private func checkReplica(_ report: inout CheckReport) throws(StoreError) {
        guard let replica = try replicaState(), replica.documents != report.checksums else {
            return
        }
        report.fault(
            "the documents' checksums come to \(report.checksums.hexDigits), and after message "
                + "\(replica.sequence) of the log that hosts share they came to "
                + "\(replica.documents.hexDigits): this store is not what its log has made; restore a "
                + "snapshot of another host")
    }

    // MARK: Documents

    private func checkDocuments(_ report: inout CheckReport) throws(StoreError) {
        var last: UInt64?
        var position: UInt64? = 0
        while let from = position {
            let key: UInt64
            let block: DocumentBlock
            do {
                let cursor = try documentCursor()
                guard let entry = try next(cursor, from) else { break }
                key = entry.key
                position = key == .max ? nil : key + 1
                report.blocks += 1
                do throws(StoreError) {
                    block = try DocumentBlock(entry.value)
                } catch {
                    report.fault("block \(key): \(error)")
                    continue
                }
            }
            if block.key(at: 0) != key { report.fault("block \(key): another first key") }
            if block.isOversize, block.count > 1 { report.fault("block \(key): too large") }
            let family = DocumentKey(rawValue: key).family
            for index in 0..<block.count {
                let documentKey = block.key(at: index)
                if let last, documentKey <= last { report.fault("block \(key): not ascending") }
                last = documentKey
                if DocumentKey(rawValue: documentKey).family != family {
                    report.fault("block \(key): documents of several resources")
                }
                check(block, index, &report)
            }
            if let last { try checkCounter(DocumentKey(rawValue: last), &report) }
        }
    }

    private func check(_ block: DocumentBlock, _ index: Int, _ report: inout CheckReport) {
        do throws(StoreError) {
            let document = try block.document(at: index)
            report.documents += 1
            report.checksums &+= document.checksum
            report.bytes += document.json.byteCount
            if !document.isIntact {
                report.fault("document \(document.key.describing): wrong checksum")
            }
            try checkSegments(of: document, &report)
        } catch {
            report.fault(
                "document \(DocumentKey(rawValue: block.key(at: index)).describing): \(error)")
        }
    }

    /// Whether the segments are there as the document names them; their own checksums are compared
    /// where they stand.
    private func checkSegments(
        of document: borrowing DocumentView, _ report: inout CheckReport
    ) throws(StoreError) {
        for segment in document.segments {
            let name =
                "document \(document.key.describing): its segment \(segment.key.describing)"
            guard let found = try self.document(segment.key) else {
                report.fault("\(name) is missing")
                continue
            }
            if found.checksum != segment.checksum
                || found.json.byteCount != segment.byteCount
            {
                report.fault("\(name) is another one")
            }
        }
    }

    private func checkCounter(
        _ key: DocumentKey, _ report: inout CheckReport
    ) throws(StoreError) {
        let counter = try counter(account: key.account, resource: key.resource)
        if counter.lastID < key.id {
            report.fault("document \(key.describing): its id was never given out")
        }
    }

    @_lifetime(copy self)
    private func next(
        _ cursor: borrowing Cursor, _ key: UInt64
    ) throws(StoreError) -> IntegerEntry? {
        do throws(LMDBError) {
            // SAFETY: entries lie in the map, which the view borrows, not in the cursor.
            return try unsafe _overrideLifetime(cursor.seek(atOrAfter: key), copying: self)
        } catch {
            throw StoreError(error)
        }
    }

    // MARK: Lists

    private func checkLists(_ report: inout CheckReport) throws(StoreError) {
        var nodes: UInt64 = 0
        var key: [UInt8]? = [0]
        while let from = key {
            guard let name = try listName(atOrAfter: from) else { break }
            key = name + [0]
            let list = try ListKey(stored: name.span.bytes)
            report.lists += 1
            nodes += try check(list, &report)
        }
        let stored = try lifting { () throws(LMDBError) in
            try transaction.statistics(databases.listNodes).entries
        }
        if stored != nodes { report.fault("\(stored) list nodes, \(nodes) of them in lists") }
    }

    /// The key of the first list that is not before this one.
    func listName(atOrAfter name: [UInt8]) throws(StoreError) -> [UInt8]? {
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.lists)
            return try cursor.seek(atOrAfter: name.span.bytes)?.key.copied()
        } catch {
            throw StoreError(error)
        }
    }

    /// Checks one list; returns how many nodes it has besides its root.
    func check(_ list: ListKey, _ report: inout CheckReport) throws(StoreError) -> UInt64 {
        var walk = ListWalk(name: "the \(list)")
        do throws(StoreError) {
            if try isWide(list) {
                try check(list, UInt128.self, &walk, &report)
            } else {
                try check(list, UInt64.self, &walk, &report)
            }
        } catch {
            // What is damaged of a list names it.
            let what = "\(error)"
            report.fault(what.contains(walk.name) ? what : "\(walk.name): \(what)")
        }
        return walk.nodes
    }

    private func check<Key: CountedKey>(
        _ list: ListKey, _ width: Key.Type, _ walk: inout ListWalk, _ report: inout CheckReport
    ) throws(StoreError) {
        let list = try self.list(list, of: width)
        guard list.isStored else { return }
        var last: Key?
        let keys = try check(list.root, of: list, isRoot: true, &walk, &last, &report)
        if keys != list.count { report.fault("\(walk.name): wrong total") }
        report.listKeys += keys
    }

    private struct ListWalk {
        let name: String
        var nodes: UInt64 = 0
    }

    /// Checks a node and all below it; returns the number of keys.
    private func check<Key: CountedKey>(
        _ node: ListNode<Key>, of list: borrowing CountedList<Key>, isRoot: Bool,
        _ walk: inout ListWalk, _ last: inout Key?, _ report: inout CheckReport
    ) throws(StoreError) -> UInt64 {
        if node.count == 0 { report.fault("\(walk.name): an empty node") }
        if node.level == 0 {
            if node.count > Key.leafKeys { report.fault("\(walk.name): a leaf too large") }
            for index in 0..<node.count {
                let key = node.key(at: index)
                if let last, key <= last { report.fault("\(walk.name): not ascending") }
                last = key
            }
            return UInt64(node.count)
        }
        if node.count > Key.innerChildren || (isRoot && node.count < 2) {
            report.fault("\(walk.name): an inner node of \(node.count) children")
        }
        var total: UInt64 = 0
        for index in 0..<node.count {
            walk.nodes += 1
            let child = try list.child(of: node, at: index)
            let first = child.level == 0 ? child.key(at: 0) : child.first(at: 0)
            if first != node.first(at: index) { report.fault("\(walk.name): a wrong first key") }
            let keys = try check(child, of: list, isRoot: false, &walk, &last, &report)
            if keys != node.keys(at: index) { report.fault("\(walk.name): a wrong count") }
            total += keys
        }
        return total
    }
}

extension DocumentKey {
    /// For people: account/resource/id.
    var describing: String { "\(account)/\(resource)/\(id)" }
}
