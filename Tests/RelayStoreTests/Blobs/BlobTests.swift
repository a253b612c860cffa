import Synchronization
import Testing

@testable import RelayStore

@Suite("Contents")
struct BlobTests {
    private let store: Store
    private let writer: Writer

    init() throws {
        store = try Store.inMemory()
        writer = try Writer(store)
    }

    private static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 9) }
    }

    /// Counts what the writer has settled.
    private final class Settled: Sendable {
        let results = Mutex<[Result<Void, StoreError>]>([])

        var failures: Int {
            results.withLock { results in
                results.count { if case .failure = $0 { true } else { false } }
            }
        }
    }

    /// Stages bytes as one content and waits until all of it is durable.
    private func stage(
        _ bytes: [UInt8], _ staging: BlobStaging, _ settled: Settled
    ) -> StagedBlob {
        staging.begin()
        var offset = 0
        while offset < bytes.count {
            let end = min(offset + 16_384, bytes.count)
            offset += bytes[offset..<end].withUnsafeBytes { staging.append($0) }
            take(staging, settled)
        }
        let content = staging.end()
        while !staging.isSettled { take(staging, settled) }
        return content
    }

    private func take(_ staging: BlobStaging, _ settled: Settled) {
        let results = settled.results.withLock { results in
            defer { results = [] }
            return results
        }
        for result in results { staging.chunkSettled(result) }
    }

    private func makeStaging() -> (BlobStaging, Settled) {
        let settled = Settled()
        let staging = BlobStaging(writer) { result in
            settled.results.withLock { $0.append(result) }
        }
        return (staging, settled)
    }

    private func adopt(_ content: StagedBlob, by id: UInt64 = 1) throws {
        try store.write { (transaction) throws(StoreError) in
            let key = DocumentKey(account: 1, resource: 9, id: id)
            try transaction.setCounter(
                account: 1, resource: 9, to: ResourceCounter(lastID: id))
            try transaction.putDocument(key, json: Self.bytes(3).span.bytes, version: 0)
            try transaction.adoptUpload(
                content.id, by: key, byteCount: content.byteCount, digest: content.digest!)
        }
    }

    private func read(_ id: UInt64) throws -> [UInt8] {
        let reader = try store.makeReader()
        let view = reader.view
        let record = try view.blob(id)!
        var bytes: [UInt8] = []
        for number in 0..<BlobRecord.chunks(of: record.byteCount) {
            try view.chunk(id, number).withUnsafeBytes { bytes += $0 }
        }
        return bytes
    }

    private func chunks() throws -> UInt64 {
        try store.statistics().databases.first { $0.name == "chunks" }!.statistics.entries
    }

    @Test(
        "are read as they were written, whatever their length.",
        arguments: [
            0, 1, Limits.chunkBytes - 1, Limits.chunkBytes, Limits.chunkBytes + 1,
            5 * Limits.chunkBytes, 1_000_000,
        ])
    func lengths(count: Int) throws {
        let (staging, settled) = makeStaging()
        let content = stage(Self.bytes(count), staging, settled)
        #expect(try store.check().faults == [])
        try adopt(content)
        #expect(try read(content.id) == Self.bytes(count))
        let report = try store.check()
        #expect(report.faults == [])
        #expect(report.blobs == 1)
        // What is adopted stays.
        staging.abandon()
        writer.stop()
        #expect(try read(content.id) == Self.bytes(count))
    }

    @Test("hold two chunks in memory at most: then nothing is taken until one is durable.")
    func bounded() throws {
        let (staging, settled) = makeStaging()
        staging.begin()
        let bytes = Self.bytes(5 * Limits.chunkBytes)
        let taken = bytes.withUnsafeBytes { staging.append($0) }
        #expect(taken == 2 * Limits.chunkBytes)
        #expect(staging.isFull)
        while staging.isFull { take(staging, settled) }
        #expect(bytes.withUnsafeBytes { staging.append($0) } > 0)
    }

    @Test("that are abandoned leave nothing, in as many slices as it takes.")
    func abandoned() throws {
        let (staging, settled) = makeStaging()
        let kept = stage(Self.bytes(100_000), staging, settled)
        try adopt(kept)
        let (other, otherSettled) = makeStaging()
        for _ in 0..<3 { _ = stage(Self.bytes(200 * Limits.chunkBytes), other, otherSettled) }
        #expect(try chunks() == 602)
        let commits = writer.commits
        other.abandon()
        while try chunks() > 2 {}
        writer.stop()
        // 600 chunks are more than one slice.
        #expect(writer.commits >= commits + 1)
        #expect(try store.check().faults == [])
        check(try store.makeReader().view.uploads(), [])
    }

    @Test("that are abandoned before their first chunk is durable leave nothing either.")
    func abandonedAtOnce() throws {
        for _ in 0..<50 {
            let (staging, _) = makeStaging()
            staging.begin()
            _ = Self.bytes(100_000).withUnsafeBytes { staging.append($0) }
            staging.abandon()
        }
        writer.stop()
        #expect(try chunks() == 0)
        check(try store.makeReader().view.uploads(), [])
    }

    @Test("that a process left under way are removed, but not those begun since.")
    func leftOver() throws {
        let (staging, settled) = makeStaging()
        let old = stage(Self.bytes(300_000), staging, settled)
        let left = try store.makeReader().view.uploads()
        #expect(left == [old.id])
        let (other, otherSettled) = makeStaging()
        let new = stage(Self.bytes(300_000), other, otherSettled)
        writer.removeUploads(left)
        writer.stop()
        #expect(try chunks() == 5)
        try adopt(new)
        #expect(try read(new.id) == Self.bytes(300_000))
        #expect(try store.check().faults == [])
    }

    @Test("whose id another one has are refused, and that one stays when they are abandoned.")
    func taken() throws {
        let (staging, settled) = makeStaging()
        let kept = stage(Self.bytes(10), staging, settled)
        #expect(throws: StoreError.blobExists) {
            try store.write { (transaction) throws(StoreError) in
                try transaction.beginUpload(kept.id)
            }
        }
        try adopt(kept)
        #expect(throws: StoreError.blobExists) {
            try store.write { (transaction) throws(StoreError) in
                try transaction.beginUpload(kept.id)
            }
        }
        #expect(try read(kept.id) == Self.bytes(10))
    }

    /// Releases contents through the writer, as a deletion does.
    private final class Release: UnencodedCommand {
        let byteCount = 0
        private let blobs: [(id: UInt64, owner: UInt64)]
        private let outcome: Settled

        init(_ blobs: [(id: UInt64, owner: UInt64)], _ outcome: Settled) {
            self.blobs = blobs
            self.outcome = outcome
        }

        func apply(to transaction: inout StoreTransaction) throws(StoreError) {
            for blob in blobs {
                let key = DocumentKey(account: 1, resource: 9, id: blob.owner)
                try transaction.deleteDocument(key)
                try transaction.releaseBlob(blob.id, of: key)
            }
        }

        func complete(_ result: Result<Void, StoreError>) {
            outcome.results.withLock { $0.append(result) }
        }
    }

    @Test("whose documents are deleted leave nothing, in as many slices as it takes.")
    func released() throws {
        var contents: [StagedBlob] = []
        for _ in 0..<3 {
            let (staging, settled) = makeStaging()
            contents.append(stage(Self.bytes(300 * Limits.chunkBytes), staging, settled))
        }
        for (index, content) in contents.enumerated() { try adopt(content, by: UInt64(index + 1)) }
        #expect(try chunks() == 900)
        let commits = writer.commits
        let outcome = Settled()
        let ids = contents.map { $0.id }
        let release = Release([(id: ids[2], owner: 3), (id: ids[0], owner: 1)], outcome)
        let submission = writer.submit(release)
        #expect(submission == .accepted)
        let (staging, settled) = makeStaging()
        let new = stage(Self.bytes(70_000), staging, settled)
        try adopt(new, by: 4)
        writer.stop()
        #expect(outcome.failures == 0)
        // 600 chunks are more than one slice.
        #expect(writer.commits >= commits + 3)
        #expect(try chunks() == 300 + 2)
        check(try store.makeReader().view.uploads(), [])
        #expect(try read(ids[1]) == Self.bytes(300 * Limits.chunkBytes))
        #expect(try read(new.id) == Self.bytes(70_000))
        #expect(try store.check().faults == [])
    }

    @Test("are released by their own document only.")
    func foreignRelease() throws {
        let (staging, settled) = makeStaging()
        let content = stage(Self.bytes(10), staging, settled)
        try adopt(content)
        let id = content.id
        #expect(throws: StoreError.corrupted(what: "blob \(id)")) {
            try store.write { (transaction) throws(StoreError) in
                let other = DocumentKey(account: 1, resource: 9, id: 2)
                try transaction.releaseBlob(id, of: other)
            }
        }
        #expect(try read(id) == Self.bytes(10))
    }

    @Test("whose bytes were changed are found, when read and when checked.")
    func corrupted() throws {
        let (staging, settled) = makeStaging()
        let content = stage(Self.bytes(200_000), staging, settled)
        try adopt(content)
        let id = content.id
        try store.write { (transaction) throws(StoreError) in
            var value: [UInt8] = []
            do {
                let view = transaction.view
                let found = try view.value(ChunkKey.key(id, 1), in: view.databases.chunks)!
                value = array(found)
            }
            value[40_000] ^= 1
            try transaction.put(
                value.span.bytes, at: ChunkKey.key(id, 1), in: transaction.databases.chunks)
        }
        #expect(throws: StoreError.corrupted(what: "chunk 1 of blob \(id)")) {
            _ = try read(id)
        }
        #expect(try store.check().faults.count == 1)
    }

    @Test("are refused when the store is full, and then leave nothing.")
    func full() throws {
        let small = try Store.inMemory(
            options: StoreOptions(mapBytes: 4 << 20, durability: .mayCorruptStore))
        let writer = try Writer(small)
        let settled = Settled()
        let staging = BlobStaging(writer) { result in
            settled.results.withLock { $0.append(result) }
        }
        _ = stage(Self.bytes(8 << 20), staging, settled)
        #expect(staging.failure == .store(.storeFull))
        staging.abandon()
        writer.stop()
        #expect(try small.check().chunks == 0)
        #expect(try small.check().faults == [])
    }
}
