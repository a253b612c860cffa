import RelayStore

/// What a pack says of itself at its end.
///
///     header   16   "RLYPACK1", bytes of a page u32, 0 u32
///     frames        each up to `Limits.framePages` pages, compressed with zstd
///     index         frames u32, pages u32, bases u32,
///                   40 × frames: offset u64, bytes u32, pages u32, bases u32, BLAKE2b-160 of the
///                   frame
///                   20 × pages: address (BLAKE2b-160 of the page)
///                   20 × bases: address of a page
///     trailer  48   offset of the index u64, its bytes u64, BLAKE2b-256 of header, index and the
///                   two numbers
///
/// A frame has no bases, or as many as pages: it is then compressed after the bases, one behind the
/// other, as its prefix (zstd's `refPrefix`), and each page is mostly what its base is. A base is
/// named by its address, because prune may move it; it is in a frame without bases, in any pack. An
/// address is always that of the plain page.
///
/// The pack's name is the first half of the hash in its trailer, in hexadecimal: so index and name
/// vouch for each other, and the index for every frame and page.
///
/// In an encrypted repository each frame is sealed, and so is the index, under the pack's name; the
/// trailer has the bytes that the index takes in the file, and its hash is a keyed one of the plain
/// index. What the index says of a frame, its bytes and their sum, is about the sealed ones: to
/// compare sums takes no decryption.
struct PackIndex {
    /// Pages that are compressed together.
    struct Frame {
        var offset: Int
        var bytes: Int
        var pages: Int
        /// Position of its first page in the pack.
        var first: Int
        /// Addresses of the pages that it was compressed after; none, or one for each page.
        var bases: ArraySlice<PageAddress>
        var sum: PageAddress
    }

    static let magic = Array("RLYPACK1".utf8)
    static let headerBytes = 16
    static let trailerBytes = 48
    static let hashBytes = 32
    private static let frameBytes = 40
    private static let countBytes = 12

    let pageBytes: Int
    private(set) var frames: [Frame] = []
    private(set) var addresses: [PageAddress] = []
    private var baseCount = 0

    init(pageBytes: Int) { self.pageBytes = pageBytes }

    /// Adds a frame that holds these pages.
    mutating func append(
        _ frame: [UInt8], at offset: Int, _ pages: [PageAddress], bases: [PageAddress]
    ) {
        precondition(bases.isEmpty || bases.count == pages.count, "each page has a base, or none")
        precondition(
            (1...Limits.framePages).contains(pages.count), "a frame has pages, not too many")
        precondition(offset >= Self.headerBytes && !frame.isEmpty, "a frame follows the header")
        // SAFETY: hashed inside the closure.
        let sum = frame.withUnsafeBytes { PageAddress(of: $0) }
        frames.append(
            Frame(
                offset: offset, bytes: frame.count, pages: pages.count, first: addresses.count,
                bases: bases[...], sum: sum))
        baseCount += bases.count
        addresses.append(contentsOf: pages)
    }

    /// Whether any page is built on another.
    var hasBases: Bool { baseCount > 0 }

    /// The frame that holds a page.
    func frame(of page: Int) -> Int {
        precondition(addresses.indices.contains(page), "a pack has the page that is asked for")
        var low = 0
        var high = frames.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if frames[middle].first <= page { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The address of the page that a page is built on; nil for one that is whole.
    func base(of page: Int) -> PageAddress? {
        let frame = frames[frame(of: page)]
        if frame.bases.isEmpty { return nil }
        return frame.bases[frame.bases.startIndex + page - frame.first]
    }

    // MARK: Bytes

    var header: [UInt8] {
        var bytes = Self.magic
        bytes.append(uint32: UInt32(pageBytes))
        bytes.append(uint32: 0)
        return bytes
    }

    /// Index and trailer of a pack whose frames end at `offset`, and the pack's name.
    func encoded(
        at offset: Int, _ cipher: RepositoryCipher = .none
    ) -> (bytes: [UInt8], name: String) {
        var bytes: [UInt8] = []
        let bases = frames.flatMap(\.bases)
        bytes.append(uint32: UInt32(frames.count))
        bytes.append(uint32: UInt32(addresses.count))
        bytes.append(uint32: UInt32(bases.count))
        for frame in frames {
            bytes.append(uint64: UInt64(frame.offset))
            bytes.append(uint32: UInt32(frame.bytes))
            bytes.append(uint32: UInt32(frame.pages))
            bytes.append(uint32: UInt32(frame.bases.count))
            frame.sum.append(to: &bytes)
        }
        for address in addresses + bases { address.append(to: &bytes) }
        var numbers: [UInt8] = []
        numbers.append(uint64: UInt64(offset))
        numbers.append(uint64: UInt64(bytes.count + cipher.overheadBytes))
        let hash = cipher.hash(header, bytes, numbers, bytes: Self.hashBytes)
        let name = Self.name(hash)
        return (cipher.seal(bytes, .pack, name) + numbers + hash, name)
    }

    private static func name(_ hash: [UInt8]) -> String { hexadecimal(hash.prefix(16)) }

    /// Whether a pack is as long as its trailer says, and has the name that its hash gives: what was cut
    /// short is found out, without a key and without reading it.
    static func isComplete(
        _ file: borrowing DiskFile, name: String
    ) throws(SnapshotError) -> Bool {
        let size = try file.size()
        guard size >= headerBytes + trailerBytes,
            let trailer = try file.bytes(size - trailerBytes..<size)
        else { return false }
        let (end, overflows) = trailer.uint64(at: 0).addingReportingOverflow(trailer.uint64(at: 8))
        return !overflows && end == UInt64(size - trailerBytes)
            && Self.name(Array(trailer.suffix(hashBytes))) == name
    }

    /// Reads the index of a pack; nil unless it is what was written under this name.
    init?(
        _ file: borrowing DiskFile, name: String, _ cipher: RepositoryCipher = .none
    ) throws(SnapshotError) {
        let size = try file.size()
        guard size >= Self.headerBytes + Self.trailerBytes,
            let header = try file.bytes(0..<Self.headerBytes),
            let trailer = try file.bytes(size - Self.trailerBytes..<size)
        else { return nil }
        let offset = Int(truncatingIfNeeded: trailer.uint64(at: 0))
        let count = Int(truncatingIfNeeded: trailer.uint64(at: 8))
        guard offset >= Self.headerBytes, count >= Self.countBytes, count < size,
            offset == size - Self.trailerBytes - count,
            let sealed = try file.bytes(offset..<offset + count),
            let index = cipher.open(sealed, .pack, name), index.count >= Self.countBytes
        else { return nil }
        let numbers = Array(trailer.prefix(16))
        let hash = cipher.hash(header, index, numbers, bytes: Self.hashBytes)
        guard hash.elementsEqual(trailer.suffix(Self.hashBytes)), Self.name(hash) == name,
            header.starts(with: Self.magic)
        else { return nil }
        // From here on the bytes are those that somebody named so; what they say must fit all the same.
        pageBytes = Int(header.uint32(at: 8))
        guard PageMap.pageSizes.contains(pageBytes) else { return nil }
        let counts = [0, 4, 8].map { Int(index.uint32(at: $0)) }
        guard
            index.count == Self.countBytes + counts[0] * Self.frameBytes
                + (counts[1] + counts[2]) * Limits.addressBytes
        else { return nil }
        guard read(index, frames: counts[0], pages: counts[1], bases: counts[2], upTo: offset)
        else { return nil }
    }

    /// Takes in frames and pages; false if the frames are not one behind the other up to `end`, or do not
    /// have the pages and bases that are listed.
    private mutating func read(
        _ index: [UInt8], frames frameCount: Int, pages pageCount: Int, bases baseCount: Int,
        upTo end: Int
    ) -> Bool {
        var start = Self.countBytes + frameCount * Self.frameBytes
        addresses = Self.addresses(pageCount, index, at: start)
        start += pageCount * Limits.addressBytes
        self.baseCount = baseCount
        let bases = Self.addresses(baseCount, index, at: start)
        var (firstPage, firstBase, nextOffset) = (0, 0, Self.headerBytes)
        for number in 0..<frameCount {
            let start = Self.countBytes + number * Self.frameBytes
            let (pages, own) = (
                Int(index.uint32(at: start + 12)), Int(index.uint32(at: start + 16))
            )
            let sum = Self.addresses(1, index, at: start + 20)[0]
            let (offset, bytes) = (index.uint64(at: start), Int(index.uint32(at: start + 8)))
            guard offset == UInt64(nextOffset), bytes > 0, bytes <= end - nextOffset,
                pages > 0, pages <= pageCount - firstPage,
                own == 0 || own == pages, own <= baseCount - firstBase
            else { return false }
            nextOffset += bytes
            frames.append(
                Frame(
                    offset: Int(offset), bytes: bytes, pages: pages,
                    first: firstPage, bases: bases[firstBase..<firstBase + own], sum: sum))
            firstPage += pages
            firstBase += own
        }
        return nextOffset == end && firstPage == pageCount && firstBase == baseCount
    }

    /// Some addresses of an index.
    private static func addresses(
        _ count: Int, _ index: [UInt8], at start: Int
    ) -> [PageAddress] {
        // SAFETY: read inside the closure, within what the counts say.
        index.withUnsafeBytes { bytes in
            (0..<count).map { number in
                let first = start + number * Limits.addressBytes
                return PageAddress(stored: UnsafeRawBufferPointer(rebasing: bytes[first...]))
            }
        }
    }
}
