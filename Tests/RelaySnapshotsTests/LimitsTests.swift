import LMDB
import RelayStore
import Testing

@testable import RelaySnapshots

/// What must hold between limits, so that one can be raised without a look at the code.
@Suite("Limits of snapshots")
struct LimitsTests {
    private typealias Limits = RelaySnapshots.Limits

    @Test("Steps are whole pages, segments whole steps, and what is flushed is whole segments.")
    func steps() {
        for pageBytes in PageMap.pageSizes { #expect(Limits.stepBytes % pageBytes == 0) }
        #expect(Limits.segmentBytes % Limits.stepBytes == 0)
        #expect(Limits.flushBytes % Limits.segmentBytes == 0)
        #expect(Limits.packBytes >= Limits.flushBytes)
    }

    @Test("Counts and sums of the largest store fit half a manifest each.")
    func manifests() {
        #expect(2 * 80 * Limits.manifestCounts <= Limits.manifestBytes)
        // "0123456789abcdef",
        let segments = RelayStore.Limits.changeBytes / Limits.segmentBytes
        #expect(segments > 0)
        #expect(LMDB.Limits.mapBytes / Limits.segmentBytes * 19 < Limits.manifestBytes / 2)
        #expect(6 * Limits.labelBytes < Limits.manifestBytes / 1_000)
    }

    @Test("Frames of either kind fit the memory that they are made in, and a pack.")
    func frames() {
        #expect(Limits.deltaFramePages <= Limits.framePages)
        for pageBytes in PageMap.pageSizes {
            #expect(Limits.framePages * pageBytes < Int(UInt32.max))
        }
        #expect(Limits.framePages * 4_096 < Limits.packBytes)
        #expect(PageLocation.held(Limits.heldPages).isHeld)
        #expect(Limits.heldPages < Limits.mapBytes / 12)
    }

    @Test("An address is what its three members hold, and a sketch's votes fit their count.")
    func pages() {
        var bytes: [UInt8] = []
        [UInt8](repeating: 7, count: 4_096).withUnsafeBytes {
            PageAddress(of: $0).append(to: &bytes)
        }
        #expect(bytes.count == Limits.addressBytes)
        #expect((1...16).contains(Limits.sharedFeatures))
        #expect(Limits.commonFeature > Limits.sharedFeatures)
        #expect((1...100).contains(Limits.neededPercent) && Limits.sparsePacks > 0)
    }
}
