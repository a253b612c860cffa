import Glibc

/// A piece of memory that `SessionMemory` cuts into blocks.
struct BlockChunk {
    let start: UnsafeMutableRawPointer
    /// Bytes that were cut into blocks, from the start; the chunk that is being cut has 0.
    var carvedBytes = 0
}

/// Chunks by address, to find those of which every block is free.
struct BlockChunks {
    private let chunks: [BlockChunk]
    private var freeBytes: [Int]

    init(_ chunks: [BlockChunk]) {
        self.chunks = chunks.sorted { $0.start < $1.start }
        freeBytes = [Int](repeating: 0, count: chunks.count)
    }

    /// Counts a free block with its header.
    mutating func count(_ block: UnsafeMutableRawPointer, _ bytes: Int) {
        if let index = index(of: block) { freeBytes[index] += bytes }
    }

    /// Whether a block lies in a chunk of which every block is free.
    func isUnused(_ block: UnsafeMutableRawPointer) -> Bool {
        index(of: block).map(isUnused) ?? false
    }

    private func isUnused(_ index: Int) -> Bool { freeBytes[index] == chunks[index].carvedBytes }

    /// Frees the chunks of which every block is free.
    ///
    /// - Returns: the others.
    func freeUnused() -> [BlockChunk] {
        // SAFETY: each was given by `malloc`, and nobody has a block of it.
        for index in chunks.indices where isUnused(index) { Glibc.free(chunks[index].start) }
        return chunks.indices.filter { !isUnused($0) }.map { chunks[$0] }
    }

    /// The chunk that a block lies in; nil if it is none of these.
    private func index(of block: UnsafeMutableRawPointer) -> Int? {
        var (low, high) = (0, chunks.count)
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle].start <= block { low = middle + 1 } else { high = middle }
        }
        guard low > 0, block < chunks[low - 1].start + Limits.blockChunkBytes else { return nil }
        return low - 1
    }
}
