import Glibc
import Testing

@testable import RelayStore

@Suite struct StoreTests {
    private let key = DocumentKey(account: 1, resource: 1, id: 1)

    private func put(_ text: String, into store: Store) throws {
        try store.write { (transaction) throws(StoreError) in
            let version = try transaction.recordChange(account: 1, kind: 1, time: 1)
            try transaction.putDocument(key, json: bytes(text).span.bytes, version: version)
        }
    }

    @Test("A store keeps its epoch when it is opened again; another one has another.")
    func epoch() throws {
        let first = TemporaryDirectory()
        let second = TemporaryDirectory()
        let metadata = try Store.create(at: first.store).metadata
        #expect(try Store.open(at: first.store).metadata == metadata)
        #expect(try Store.create(at: second.store).metadata.epoch != metadata.epoch)
        #expect(metadata.formatVersion == Limits.formatVersion)
        #expect(metadata.created > 1_600_000_000_000)
    }

    @Test("A document under a reader stays as it is until the reader is renewed.")
    func renewal() throws {
        let store = try Store.inMemory()
        try put("first", into: store)
        var reader = try store.makeReader()
        try put("second", into: store)
        check(try reader.document(key)?.json.copied(), bytes("first"))
        check(reader.lag, 1)
        check(try reader.renewIfStale(), true)
        check(try reader.renewIfStale(), false)
        check(try reader.document(key)?.json.copied(), bytes("second"))
        check(try reader.document(key)?.version, 2)
        reader.rest()
        check(try reader.renewIfStale(), true)
        check(try reader.document(key)?.json.copied(), bytes("second"))
    }

    @Test("A stale prefetch hint is harmless.")
    func staleHint() throws {
        let store = try Store.inMemory()
        var reader = try store.makeReader()
        for round in 0..<100 {
            reader.prefetch(key)
            try put(String(repeating: "x", count: round * 200), into: store)
            try reader.renewIfStale()
            check(try reader.document(key)?.json.byteCount, round * 200)
        }
    }

    @Test("A write that throws leaves the store as it was.")
    func abort() throws {
        let store = try Store.inMemory()
        try put("first", into: store)
        checkThrows(.tooLarge) { () throws(StoreError) in
            try store.write { (transaction) throws(StoreError) in
                try transaction.deleteDocument(key)
                throw StoreError.tooLarge
            }
        }
        let reader = try store.makeReader()
        check(try reader.document(key)?.json.copied(), bytes("first"))
    }

    @Test("A check finds a single flipped bit, in a document and in a list.")
    func flippedBits() throws {
        let directory = TemporaryDirectory()
        let text = "{\"text\":\"a needle in a haystack\"}"
        do {
            let store = try Store.create(at: directory.store)
            try store.write { (transaction) throws(StoreError) in
                let id = try transaction.nextID(account: 1, resource: 1)
                try transaction.putDocument(
                    DocumentKey(account: 1, resource: 1, id: id), json: bytes(text).span.bytes,
                    version: 1)
                for key in UInt64(1)...3_000 {
                    try transaction.insert(0xABCD_EF00 + key, into: ListKey(account: 1, kind: 1))
                }
            }
            #expect(try store.check().faults == [])
        }
        let path = directory.store + "/data.mdb"
        try flip(bytes("needle"), in: path)
        #expect(try Store.open(at: directory.store).check().faults.count == 1)
        // A key in the middle of a leaf: 0xABCDF0F4 is followed by 0xABCDF0F5.
        let pattern: [UInt8] = [0xF4, 0xF0, 0xCD, 0xAB, 0, 0, 0, 0, 0xF5, 0xF0, 0xCD, 0xAB]
        try flip(pattern, in: path)
        #expect(try Store.open(at: directory.store).check().faults.count == 2)
    }

    /// Flips a bit in the first byte of the last place where the pattern is.
    private func flip(_ pattern: [UInt8], in path: String) throws {
        let file = open(path, O_RDWR)
        defer { close(file) }
        var content = [UInt8](repeating: 0, count: 4 << 20)
        let count = pread(file, &content, content.count, 0)
        var found: [Int] = []
        for start in 0..<count - pattern.count where content[start] == pattern[0] {
            if content[start..<start + pattern.count].elementsEqual(pattern) {
                found.append(start)
            }
        }
        try #require(!found.isEmpty)
        for start in found { pwrite(file, [content[start] ^ 1 << 6], 1, off_t(start)) }
    }
}
