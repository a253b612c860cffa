/// What a page is recognised by after a part of it has changed: of the hashes of all its windows of
/// 32 bytes, the 16 smallest.
///
/// Two pages that share most of their windows share most of these too, wherever in the page the
/// windows lie (Broder, *On the resemblance and containment of documents*, 1997). So it serves any
/// page: one with a header of LMDB's, one from the middle of an overflow run, one whose text has
/// moved by some bytes.
struct PageSketch {
    /// In no order; a page with fewer different windows leaves some at their greatest value.
    private(set) var features = SIMD16<UInt32>(repeating: .max)

    /// Bytes of a window. Shorter ones are shared by pages that have only phrases in common.
    private static let windowBytes = 32

    /// Looks at a page.
    init(of page: UnsafeRawBufferPointer) {
        var largest = UInt32.max
        var start = 0
        while start + Self.windowBytes <= page.count {
            let hash = Self.hash(page, start)
            // True for one window in forty of a usual page.
            if hash < largest, !any(features .== SIMD16(repeating: hash)) {
                replace(largest, by: hash)
                largest = features.max()
            }
            start += 1
        }
    }

    private mutating func replace(_ old: UInt32, by new: UInt32) {
        for index in features.indices where features[index] == old {
            features[index] = new
            return
        }
    }

    /// A hash of a window: it only has to be spread evenly, nothing rests on it but a size.
    @inline(__always)
    private static func hash(_ page: UnsafeRawBufferPointer, _ start: Int) -> UInt32 {
        // SAFETY: the window lies within the page, which the caller lends.
        let bytes = page.baseAddress.unsafelyUnwrapped + start
        var hash = bytes.loadUnaligned(as: UInt64.self) &* 0x9E37_79B9_7F4A_7C15
        hash = mix(hash, bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        hash = mix(hash, bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        hash = mix(hash, bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        return UInt32(truncatingIfNeeded: hash >> 32)
    }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        (hash ^ (hash >> 29) ^ word) &* 0xBF58_476D_1CE4_E5B9
    }
}

/// Finds among some pages the one that another is most like.
struct SimilarPages {
    /// A feature in the high half, the number of a page that has it in the low one; ascending once
    /// all are in.
    private var postings: [UInt64] = []
    /// For each page, how many features it shares with the one that is looked for.
    private var votes: [UInt8] = []
    private var voted: [Int] = []
    private var isSorted = true

    /// Adds the next page; they count from 0.
    mutating func append(_ sketch: PageSketch) {
        for index in sketch.features.indices where sketch.features[index] != .max {
            postings.append(UInt64(sketch.features[index]) << 32 | UInt64(votes.count))
        }
        votes.append(0)
        isSorted = false
    }

    /// The number of the page that shares most with this one; nil if none shares enough.
    mutating func best(for sketch: PageSketch) -> Int? {
        if !isSorted {
            postings.sort()
            isSorted = true
        }
        for index in sketch.features.indices where sketch.features[index] != .max {
            vote(sketch.features[index])
        }
        var best: Int?
        var most = UInt8(Limits.sharedFeatures - 1)
        for page in voted {
            if votes[page] > most { (best, most) = (page, votes[page]) }
        }
        for page in voted { votes[page] = 0 }
        voted.removeAll(keepingCapacity: true)
        return best
    }

    private mutating func vote(_ feature: UInt32) {
        var low = 0
        var high = postings.count
        while low < high {
            let middle = (low + high) / 2
            if postings[middle] < UInt64(feature) << 32 { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < postings.count, postings[end] >> 32 == UInt64(feature) {
            end += 1
            // What so many pages have tells none of them apart.
            if end - low > Limits.commonFeature { return }
        }
        for posting in postings[low..<end] {
            let page = Int(posting & 0xFFFF_FFFF)
            if votes[page] == 0 { voted.append(page) }
            votes[page] += 1
        }
    }
}
