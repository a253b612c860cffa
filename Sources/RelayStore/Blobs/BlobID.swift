import CXXHash

/// Ids of blobs: numbers of 48 bits that whoever brings the bytes chooses, so that a chunk can say what
/// it is a part of before any of them is in the store, whatever else the store holds.
public enum BlobID {
    /// Any of them. Of ten million blobs in a store, a new one has the id of none but once in 28 million
    /// times: then it is refused.
    public static func random() -> UInt64 { .random(in: 1..<Limits.blobIDs) }

    /// Whether a number is one.
    static func isValid(_ id: UInt64) -> Bool { (1..<Limits.blobIDs).contains(id) }

    /// The one that a load chooses for the file of a document.
    ///
    /// - Parameter attempt: another one, where those before are taken.
    static func derived(from seed: UInt64, for owner: DocumentKey, attempt: UInt64) -> UInt64 {
        let words: InlineArray<2, UInt64> = [owner.rawValue, attempt]
        // SAFETY: the words are read during the call.
        let hash = words.span.bytes.withUnsafeBytes {
            XXH3_64bits_withSeed($0.baseAddress, $0.count, seed)
        }
        return hash % (Limits.blobIDs - 1) + 1
    }
}
