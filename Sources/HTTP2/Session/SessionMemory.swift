import CNghttp2
import Glibc

/// The memory that nghttp2 takes on a client's loop: free lists by size, no locks.
///
/// nghttp2 allocates a few times per request (streams, frames, fields), always the same sizes, and frees on
/// the same thread. Served from here, a request costs no call of `malloc` once the lists are warm.
struct SessionMemory {
    /// In front of each block: its list's number, or `unpooled`; keeps blocks 16-byte aligned.
    static let headerBytes = 16
    private static let unpooled = -1
    static let pageBytes = 4_096

    private var lists = Limits.BlockLists<UnsafeMutableRawPointer?>(repeating: nil)
    private var chunks: [UnsafeMutableRawPointer] = []
    private var fresh: UnsafeMutableRawPointer?
    private var freshBytes = 0

    @inline(__always)
    mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        if size > Limits.pooledBlockBytes { return allocateUnpooled(size) }
        let list = (size + Limits.blockGranuleBytes - 1) / Limits.blockGranuleBytes
        if let block = lists[list] {
            // SAFETY: a free block's first word is the next free block.
            lists[list] = block.load(as: UnsafeMutableRawPointer?.self)
            return block
        }
        return carve(list)
    }

    @inline(__always)
    mutating func free(_ block: UnsafeMutableRawPointer) {
        // SAFETY: every block has a header, written when it was first handed out.
        let list = (block - Self.headerBytes).load(as: Int.self)
        if list == Self.unpooled { return Glibc.free(block - Self.headerBytes) }
        block.storeBytes(of: lists[list], as: UnsafeMutableRawPointer?.self)
        lists[list] = block
    }

    mutating func reallocate(
        _ block: UnsafeMutableRawPointer, _ size: Int
    ) -> UnsafeMutableRawPointer? {
        let list = (block - Self.headerBytes).load(as: Int.self)
        if list == Self.unpooled {
            if size <= Limits.pooledBlockBytes { return shrink(block, size) }
            return realloc(block - Self.headerBytes, size + Self.headerBytes)
                .map { $0 + Self.headerBytes }
        }
        if size <= list * Limits.blockGranuleBytes { return block }
        guard let larger = allocate(size) else { return nil }
        memcpy(larger, block, list * Limits.blockGranuleBytes)
        free(block)
        return larger
    }

    private mutating func shrink(
        _ block: UnsafeMutableRawPointer, _ size: Int
    ) -> UnsafeMutableRawPointer? {
        guard let smaller = allocate(size) else { return nil }
        memcpy(smaller, block, size)
        free(block)
        return smaller
    }

    private func allocateUnpooled(_ size: Int) -> UnsafeMutableRawPointer? {
        guard let memory = malloc(size + Self.headerBytes) else { return nil }
        memory.storeBytes(of: Self.unpooled, as: Int.self)
        return memory + Self.headerBytes
    }

    /// Cuts a new block out of a chunk.
    private mutating func carve(_ list: Int) -> UnsafeMutableRawPointer? {
        let bytes = Self.headerBytes + max(list, 1) * Limits.blockGranuleBytes
        if freshBytes < bytes {
            guard let chunk = malloc(Limits.blockChunkBytes) else { return nil }
            chunks.append(chunk)
            fresh = chunk
            freshBytes = Limits.blockChunkBytes
        }
        let header = fresh!
        fresh = header + bytes
        freshBytes -= bytes
        header.storeBytes(of: list, as: Int.self)
        return header + Self.headerBytes
    }

    /// Returns the memory; no session may be left.
    mutating func deallocate() {
        for chunk in chunks { Glibc.free(chunk) }
        chunks = []
    }

    /// The functions that nghttp2 calls.
    static func functions(_ memory: UnsafeMutablePointer<SessionMemory>) -> nghttp2_mem {
        // SAFETY (all three): `memory` lives as long as any session made with these functions.
        nghttp2_mem(
            mem_user_data: memory,
            malloc: { size, user in
                SessionMemory.of(user).pointee.allocate(size)  // SAFETY: see above.
            },
            free: { block, user in
                if let block { SessionMemory.of(user).pointee.free(block) }
            },
            calloc: { count, size, user in
                // SAFETY: see above.
                let block = SessionMemory.of(user).pointee.allocate(count * size)
                if let block { memset(block, 0, count * size) }
                return block
            },
            realloc: { block, size, user in
                // SAFETY: see above.
                guard let block else { return SessionMemory.of(user).pointee.allocate(size) }
                return SessionMemory.of(user).pointee.reallocate(block, size)
            })
    }

    @inline(__always)
    private static func of(_ user: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<SessionMemory>
    {
        // SAFETY: set in `functions`.
        user.unsafelyUnwrapped.assumingMemoryBound(to: SessionMemory.self)
    }
}
