import CivilTime
import JSON
import RelayStore
import Testing

@testable import RelayRecords

/// What must hold between limits, so that one can be raised without a look at the code.
@Suite("Limits of records")
struct LimitsTests {
    private typealias Limits = RelayRecords.Limits

    @Test("A key of the lists by length has the bits of two times and an id.")
    func lengthKeys() {
        #expect(LengthKey.idBits == UInt128(RelayStore.Limits.idBits))
        #expect(WallTime.end <= 1 << UInt64(LengthKey.secondBits))
        // Six bits are left for the class: that of the longest time of all.
        let longest = LengthKey(start: 0, end: WallTime.end - 1, id: 1)
        #expect(longest.class < 1 << 6)
        #expect(128 - 2 * LengthKey.secondBits - LengthKey.idBits >= 6)
        let last = UInt64(1) << RelayStore.Limits.idBits - 1
        let key = LengthKey(start: WallTime.end - 2, end: WallTime.end - 1, id: last)
        #expect([key.start, key.end, key.id] == [WallTime.end - 2, WallTime.end - 1, last])
    }

    @Test("A load holds the longest line, and the store a file of any size that is loaded.")
    func loads() {
        #expect(Limits.dumpLineBytes > RelayStore.Limits.documentBytes)
        #expect(Limits.loadBytes >= 2 * Limits.dumpLineBytes)
        #expect(Limits.loadBytes <= RelayStore.Limits.changeRecordBytes)
        #expect(Limits.dumpBufferBytes <= Limits.dumpLineBytes)
        let chunks = BlobRecord.chunks(of: Limits.fileBytes)
        #expect(chunks * RelayStore.Limits.chunkBytes >= Limits.fileBytes)
        // A line with a chunk: base64 takes four characters for three bytes.
        #expect(RelayStore.Limits.chunkBytes * 4 / 3 + 1_024 < Limits.dumpLineBytes)
    }

    @Test("What a page is sorted from is no more than what a request may look at.")
    func pages() {
        #expect(Limits.selectedRecords <= Limits.sortedRecords)
        #expect(Limits.sortedRecords <= Limits.scanBudget)
        #expect(Limits.namedReferrers < Limits.selectedRecords)
    }
}
