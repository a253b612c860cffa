import Testing

@testable import RelayStore

/// What is said of a list that is damaged: which list, and which of its nodes.
@Suite struct ListFaultTests {
    private let list = ListKey(account: 7, kind: 3, parameter: 12)
    private let name = "the list of account 7, kind 3, parameter 12"

    /// A store with a list of a root and two leaves, which are nodes 1 and 2.
    private func store() throws -> Store {
        let store = try Store.inMemory()
        let keys = (UInt64(0)..<700).map { $0 }
        try store.write { (transaction) throws(StoreError) in
            try transaction.append(keys.span, to: list)
        }
        #expect(try store.entries("blocks") == 2)
        return store
    }

    private func damage(
        _ store: Store, _ body: (inout StoreTransaction) throws(StoreError) -> Void
    ) throws {
        try store.write { (transaction) throws(StoreError) in try body(&transaction) }
    }

    private func error(of body: () throws -> Void) -> String {
        do {
            try body()
            return "none"
        } catch {
            return "\(error)"
        }
    }

    /// Every way to read: by key, by offset, all of it.
    private func expectReadsSay(_ clause: String, _ store: Store) throws {
        let says =
            "\(name) (\(clause)) is damaged: stop writing and restore the store from a good copy"
        let reader = try store.makeReader()
        let view = reader.view
        let keys = try view.list(list, of: UInt64.self)
        #expect(error { _ = try keys.contains(650) } == says)
        #expect(error { _ = try keys.rank(of: 650) } == says)
        #expect(error { _ = try keys.key(at: 650) } == says)
        #expect(error { _ = try keys.place(atOrAfter: 650) } == says)
        #expect(error { _ = try keys.ends(of: 0..<700) } == says)
        #expect(error { try keys.forEach(in: keys.offsets) { _ in true } } == says)
        #expect(error { try keys.forEachDescending(in: keys.offsets) { _ in true } } == says)
        let write = error {
            try store.write { (transaction) throws(StoreError) in
                _ = try transaction.insert(UInt64(1_000), into: list)
            }
        }
        #expect(write == says)
        #expect(try store.check().faults.contains(says))
    }

    @Test("Of a node that is missing, list and number are said.")
    func missing() throws {
        let store = try store()
        try damage(store) { (transaction) throws(StoreError) in
            try transaction.deleteNode(2, of: list)
        }
        try expectReadsSay("node 2: it is missing", store)
    }

    @Test("Of a node with the wrong level, list and number are said.")
    func level() throws {
        let store = try store()
        try damage(store) { (transaction) throws(StoreError) in
            let node = transaction.scratch.node(level: 1, of: list, UInt64.self)
            node.level = 1
            node.count = 0
            try transaction.writeNode(2, node)
        }
        try expectReadsSay("node 2: it is not one level below its parent, or empty", store)
    }

    @Test("Of a node with keys of the other width, list and number are said.")
    func width() throws {
        let store = try store()
        try damage(store) { (transaction) throws(StoreError) in
            let node = transaction.scratch.node(level: 0, of: list, UInt128.self)
            node.level = 0
            node.count = 1
            node.keys[0] = 650
            try transaction.writeNode(2, node)
        }
        try expectReadsSay(
            "node 2: its header is not that of a node with keys of this width", store)
    }

    @Test("Of a root that is cut off, the list is said.")
    func root() throws {
        let store = try store()
        let key = list.stored
        let bytes: [UInt8] = [9, 0, 0, 0]
        try damage(store) { (transaction) throws(StoreError) in
            try transaction.put(
                bytes.span.bytes, at: key.span.bytes, in: transaction.databases.lists)
        }
        let reader = try store.makeReader()
        let says =
            "\(name) (the root: its size is not that of its entries) is damaged: "
            + "stop writing and restore the store from a good copy"
        #expect(error { _ = try reader.view.count(list) } == says)
        #expect(error { _ = try reader.view.list(list, of: UInt64.self).count } == says)
        #expect(error { _ = try reader.view.list(list, of: UInt128.self).count } == says)
        #expect(try store.check().faults.contains(says))
    }

    @Test("Of a list with a document that is missing, both are said.")
    func missingDocument() throws {
        let store = try store()
        let reader = try store.makeReader()
        let source = try reader.versionedList(list, of: 4)
        let says = error {
            _ = try reader.view.appendRuns(source, from: .offset(5), limit: 1, maxBytes: 9) {
                _, _ in
            }
        }
        #expect(
            says == "\(name) (it names document 7/4/5, which is missing) is damaged: "
                + "stop writing and restore the store from a good copy")
    }
}
