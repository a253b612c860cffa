import RelayStore

/// What a pack says of itself at its end.
///
///     header   16   "RLYPACK1", bytes of a page u32, 0 u32
///     frames        each up to `Limits.framePages` pages, compressed with zstd
///     index         frames u32, pages u32,
///                   36 × frames: offset u64, bytes u32, pages u32, BLAKE2b-160 of the frame
///                   20 × pages: address (BLAKE2b-160 of the page)
///     trailer  48   offset of the index u64, its bytes u64, BLAKE2b-256 of header, index and the
///                   two numbers
///
/// The pack's name is the first half of the hash in its trailer, in hexadecimal: so index and name
/// vouch for each other, and the index for every frame and page.
struct PackIndex {
    /// Pages that are compressed together.
    struct Frame {
        var offset: Int
        var bytes: Int
        var pages: Int
        /// Position of its first page in the pack.
        var first: Int
        var sum: PageAddress
    }

    static let magic = Array("RLYPACK1".utf8)
    static let headerBytes = 16
    static let trailerBytes = 48
    static let hashBytes = 32
    private static let frameBytes = 36

    let pageBytes: Int
    private(set) var frames: [Frame] = []
    private(set) var addresses: [PageAddress] = []

    init(pageBytes: Int) { self.pageBytes = pageBytes }

    /// Adds a frame that holds these pages.
    mutating func append(_ frame: [UInt8], at offset: Int, _ pages: ArraySlice<PageAddress>) {
        // SAFETY: hashed inside the closure.
        let sum = frame.withUnsafeBytes { PageAddress(of: $0) }
        frames.append(
            Frame(
                offset: offset, bytes: frame.count, pages: pages.count, first: addresses.count,
                sum: sum))
        addresses.append(contentsOf: pages)
    }

    /// The frame that holds a page.
    func frame(of page: Int) -> Int {
        // All frames but the last are full.
        let guess = page / Limits.framePages
        if guess < frames.count, frames[guess].first <= page,
            page < frames[guess].first + frames[guess].pages
        {
            return guess
        }
        return (frames.firstIndex { $0.first + $0.pages > page }) ?? frames.count - 1
    }

    // MARK: Bytes

    var header: [UInt8] {
        var bytes = Self.magic
        bytes.append(half: UInt32(pageBytes))
        bytes.append(half: 0)
        return bytes
    }

    /// Index and trailer of a pack whose frames end at `offset`, and the pack's name.
    func encoded(at offset: Int) -> (bytes: [UInt8], name: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + frames.count * Self.frameBytes + addresses.count * 20)
        bytes.append(half: UInt32(frames.count))
        bytes.append(half: UInt32(addresses.count))
        for frame in frames {
            bytes.append(word: UInt64(frame.offset))
            bytes.append(half: UInt32(frame.bytes))
            bytes.append(half: UInt32(frame.pages))
            frame.sum.append(to: &bytes)
        }
        for address in addresses { address.append(to: &bytes) }
        let indexBytes = bytes.count
        bytes.append(word: UInt64(offset))
        bytes.append(word: UInt64(indexBytes))
        let hash = Self.hash(header, bytes)
        return (bytes + hash, Self.name(hash))
    }

    private static func hash(_ header: [UInt8], _ index: [UInt8]) -> [UInt8] {
        let hash = BLAKE2b(bytes: hashBytes)
        // SAFETY: taken in inside the closures.
        header.withUnsafeBytes { hash.update($0) }
        index.withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }

    private static func name(_ hash: [UInt8]) -> String { hexadecimal(hash.prefix(16)) }

    /// Reads the index of a pack; nil unless it is what was written under this name.
    init?(_ file: borrowing DiskFile, name: String) throws(SnapshotError) {
        let size = try file.size()
        guard size >= Self.headerBytes + Self.trailerBytes,
            let header = try file.bytes(0..<Self.headerBytes),
            let trailer = try file.bytes(size - Self.trailerBytes..<size)
        else { return nil }
        let offset = Int(truncatingIfNeeded: trailer.word(at: 0))
        let count = Int(truncatingIfNeeded: trailer.word(at: 8))
        guard offset >= Self.headerBytes, count >= 8, count < size,
            offset == size - Self.trailerBytes - count,
            let index = try file.bytes(offset..<offset + count)
        else { return nil }
        let hash = Self.hash(header, index + trailer.prefix(16))
        guard hash.elementsEqual(trailer.suffix(Self.hashBytes)), Self.name(hash) == name,
            header.starts(with: Self.magic)
        else { return nil }
        // From here on the bytes are those that `encoded` wrote.
        pageBytes = Int(header.half(at: 8))
        let frameCount = Int(index.half(at: 0))
        let pageCount = Int(index.half(at: 4))
        guard count == 8 + frameCount * Self.frameBytes + pageCount * Limits.addressBytes
        else { return nil }
        read(index, frameCount, pageCount)
    }

    private mutating func read(_ index: [UInt8], _ frameCount: Int, _ pageCount: Int) {
        var first = 0
        // SAFETY: read inside the closure, within what the counts say.
        index.withUnsafeBytes { bytes in
            for number in 0..<frameCount {
                let start = 8 + number * Self.frameBytes
                let pages = Int(index.half(at: start + 12))
                let sum = UnsafeRawBufferPointer(rebasing: bytes[(start + 16)...])
                frames.append(
                    Frame(
                        offset: Int(index.word(at: start)),
                        bytes: Int(index.half(at: start + 8)),
                        pages: pages, first: first, sum: PageAddress(stored: sum)))
                first += pages
            }
            let start = 8 + frameCount * Self.frameBytes
            addresses.reserveCapacity(pageCount)
            for number in 0..<pageCount {
                let place = start + number * Limits.addressBytes
                addresses.append(
                    PageAddress(stored: UnsafeRawBufferPointer(rebasing: bytes[place...])))
            }
        }
    }
}
