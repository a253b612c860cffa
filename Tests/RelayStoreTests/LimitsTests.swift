import Testing

@testable import RelayStore

/// What must hold between limits, so that one can be raised without a look at the code.
@Suite("Limits of the store")
struct LimitsTests {
    @Test("Account, kind of record and id fill a document's key.")
    func keys() {
        let accountBits = UInt64(Limits.accounts.trailingZeroBitCount)
        let resourceBits = UInt64(Limits.resources.trailingZeroBitCount)
        #expect(Limits.accounts.nonzeroBitCount == 1 && Limits.resources.nonzeroBitCount == 1)
        #expect(accountBits + resourceBits + Limits.idBits == 64)
        #expect(Limits.provisionalIDs == 1 << (Limits.idBits - 1))
        let last = DocumentKey(
            account: Limits.accounts - 1, resource: Limits.resources - 1,
            id: 1 << Limits.idBits - 1)
        #expect(last.rawValue == .max)
    }

    @Test("Tables that are indexed by the low bits of a hash have a power of two of entries.")
    func tables() {
        #expect(Limits.hints.nonzeroBitCount == 1)
        #expect(MemoryLayout<Limits.BlocksAhead<UInt8>>.size.nonzeroBitCount == 1)
        #expect(Limits.prefetchedDocuments < Limits.foreseenDocuments)
    }

    @Test("Nodes of both widths fit a block, with the total before a root.")
    func nodes() {
        func fits<Key: CountedKey>(_ width: Key.Type) -> Bool {
            let head = ListLayout.headerBytes + ListLayout.totalBytes
            return head + Key.leafKeys * Key.byteCount <= Limits.blockBytes
                && head + Key.innerChildren * Key.childBytes <= Limits.blockBytes
                // A half of a node that was split, and the child that split it.
                && Key.leafKeys >= 4 && Key.innerChildren >= 4
        }
        #expect(fits(UInt64.self) && fits(UInt128.self))
        #expect(Limits.blockBytes + 16 == Limits.pageBytes)
        // Half full nodes of that many levels hold every id there can be.
        var held = Double(Limits.wideLeafKeys / 2)
        for _ in 1..<Limits.listLevels { held *= Double(Limits.wideInnerChildren / 2) }
        #expect(held > Double(UInt64(1) << Limits.idBits))
    }

    @Test(
        "A block holds a document at least, and its scratch memory two blocks and a new document.")
    func blocks() {
        #expect(DocumentBlock.mostDocuments > 1)
        #expect(WriteScratch.pieceCapacity == 2 * DocumentBlock.mostDocuments + 1)
        #expect(Limits.documentBytes > Limits.blockBytes)
    }

    @Test("Chunks of a content fill pages, and number as many as the largest file has.")
    func chunks() {
        #expect((Limits.chunkBytes + 16 + ChunkKey.checksumBytes) % Limits.pageBytes == 0)
        #expect(Limits.chunkBytes << Int(Limits.chunkBits) > 100_000_000)
        #expect(Limits.removedChunks <= 1 << Int(Limits.chunkBits))
    }

    @Test("What is accepted fits the queue, a commit and the change log.")
    func writes() {
        #expect(Limits.documentBytes <= Limits.commitBytes)
        #expect(Limits.documentBytes < Limits.changeRecordBytes)
        #expect(Limits.changeRecordBytes <= Limits.queuedBytes)
        #expect(Limits.changeRecordBytes < Limits.changeBytes)
        #expect(Limits.tickBytes < Limits.plentyBytes)
        #expect(Limits.commitBytes < Limits.reserveBytes)
        #expect(Limits.rememberedMilliseconds < Limits.changeMilliseconds)
        #expect(Limits.forgottenAnswers > 1)
    }

    @Test("A key that was looked up by its text or its hash is one that LMDB takes.")
    func lookups() {
        // LMDB's own limit, and what stands before the text.
        #expect(Limits.uniqueTextBytes + 16 <= 511)
        #expect(Limits.keyRandomBytes * 8 % 5 == 0 && Limits.keyChecksumBytes * 8 % 5 == 0)
    }
}
