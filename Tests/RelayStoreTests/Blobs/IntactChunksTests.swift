import Glibc
import TestSupport
import Testing

@testable import RelayStore

/// What is damaged on the disk, or in memory, while a file is read again and again.
@Suite("A chunk that was found intact")
struct IntactChunksTests {
    private let directory = TemporaryDirectory()
    private let clock = SetClock(1_000_000)
    private let store: Store

    init() throws { store = try Store.create(at: directory.store, options: clock.options) }

    private static let first = [UInt8](repeating: 7, count: 30_000) + bytes("unverwechselbar")
    private static let second = [UInt8](repeating: 8, count: 30_000) + bytes("unverkennbar 11")

    /// Stores a chunk as an upload of its own; returns the upload.
    private func put(
        _ content: [UInt8], _ number: Int = 0, id: UInt64 = BlobID.random()
    ) throws -> UInt64 {
        try store.write { (transaction) throws(StoreError) in
            try transaction.beginUpload(id)
            try transaction.putChunk(id, number, content.span.bytes)
        }
        return id
    }

    private func remove(_ id: UInt64) throws {
        try store.write { (transaction) throws(StoreError) in
            var budget = 10
            #expect(try transaction.removeUpload(id, &budget))
        }
    }

    /// Flips a bit where the store's file has these bytes.
    private func flip(_ mark: [UInt8]) throws {
        let data = directory.store + "/data.mdb"
        let file = open(data, O_RDWR | O_CLOEXEC)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
        try #require(pread(file, &bytes, bytes.count, 0) == bytes.count)
        let start = try #require(
            bytes.indices.first { bytes[$0] == mark[0] && bytes[$0...].starts(with: mark) })
        var byte = bytes[start] ^ 1
        try #require(pwrite(file, &byte, 1, off_t(start)) == 1)
    }

    private func damage(_ id: UInt64) -> StoreError { .corrupted(what: "chunk 0 of blob \(id)") }

    @Test("is compared again after a minute, however often it is read in between.")
    func again() throws {
        let id = try put(Self.first)
        let reader = try store.makeReader()
        check(array(try reader.chunk(id, 0)), Self.first)
        try flip(bytes("unverwechselbar"))
        // What this saves: the bytes are not compared each time.
        for _ in 0..<59 {
            clock.pass(1_000)
            _ = try reader.chunk(id, 0)
        }
        clock.pass(1_000)
        for _ in 0..<2 {
            checkThrows(damage(id)) { () throws(StoreError) in _ = try reader.chunk(id, 0) }
        }
        // Others know nothing of what one reader has found.
        let other = try store.makeReader()
        checkThrows(damage(id)) { () throws(StoreError) in _ = try other.chunk(id, 0) }
    }

    @Test("is no reason to believe one that was not: damage is found when it is first read.")
    func first() throws {
        let (id, damaged) = (try put(Self.first), try put(Self.second))
        try flip(bytes("unverkennbar 11"))
        let reader = try store.makeReader()
        check(array(try reader.chunk(id, 0)), Self.first)
        checkThrows(damage(damaged)) { () throws(StoreError) in
            _ = try reader.chunk(damaged, 0)
        }
    }

    @Test("is compared when it was written since, even with the checksum that it had.")
    func written() throws {
        let id = try put(Self.first)
        var reader = try store.makeReader()
        check(array(try reader.chunk(id, 0)), Self.first)
        try store.write { (transaction) throws(StoreError) in
            var value: [UInt8] = []
            do {
                let view = transaction.view
                value = array(try view.value(ChunkKey.key(id, 0), in: view.databases.chunks)!)
            }
            value[20_000] ^= 1
            try transaction.put(
                value.span.bytes, at: ChunkKey.key(id, 0), in: transaction.databases.chunks)
        }
        // A reader of the commit before still has its own bytes.
        check(array(try reader.chunk(id, 0)), Self.first)
        try reader.renewIfStale()
        checkThrows(damage(id)) { () throws(StoreError) in _ = try reader.chunk(id, 0) }
    }

    @Test("does not stand for another that has its number and its place later.")
    func replaced() throws {
        var reader = try store.makeReader()
        let id = BlobID.random()
        var places: [UInt] = []
        for round in 0..<20 {
            let content = round % 2 == 0 ? Self.first : Self.second
            _ = try put(content, id: id)
            try reader.renewIfStale()
            for _ in 0..<2 { check(array(try reader.chunk(id, 0)), content) }
            let found = try reader.chunk(id, 0)
            places.append(found.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) })
            try remove(id)
        }
        // Pages did come again.
        #expect(Set(places).count < places.count)
    }

    @Test("shares its place in the table with others, and each is read as it is.")
    func shared() throws {
        // Numbers that are as far apart as the table is long.
        let id = try put(Self.first)
        try store.write { (transaction) throws(StoreError) in
            try transaction.putChunk(id, Limits.intactChunks, Self.second.span.bytes)
        }
        let reader = try store.makeReader()
        for _ in 0..<3 {
            check(array(try reader.chunk(id, 0)), Self.first)
            check(array(try reader.chunk(id, Limits.intactChunks)), Self.second)
        }
    }
}
