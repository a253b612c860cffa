import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

/// What a repository's files say of pages: their sums vouch for the bytes, not for the sense.
@Suite("Maps and indexes of a repository")
struct PageMapTests {
    private static let pack = String(repeating: "ab", count: 16)

    private func isRead(_ map: PageMap) throws -> Bool {
        let (bytes, name) = try map.encoded()
        return PageMap(bytes, name: name) != nil
    }

    @Test("A map comes back as it was written.")
    func roundTrip() throws {
        var map = PageMap(pageBytes: 4_096)
        map.packs = [Self.pack]
        map.append(PageLocation(pack: 0, index: 7), count: 3)
        map.append(.free, count: 2)
        let (bytes, name) = try map.encoded()
        let read = try #require(PageMap(bytes, name: name))
        #expect(read.runs == map.runs && read.packs == map.packs && read.pageCount == 5)
    }

    @Test(
        "A map of pages behind the last number, or of a size that no page has is none.")
    func forgedMaps() throws {
        for pageBytes in [0, 1, 256, 4_095, 131_072] {
            #expect(try !isRead(PageMap(pageBytes: pageBytes)), "\(pageBytes)")
        }
        for location in [
            PageLocation(pack: 0, index: .max), PageLocation(pack: 0, index: .max - 1),
        ] {
            var map = PageMap(pageBytes: 4_096)
            map.packs = [Self.pack]
            map.append(location, count: 3)
            #expect(try !isRead(map), "\(location)")
        }
    }

    /// A pack of one frame whose index says these numbers, and whose sums are right.
    private func pack(
        offset: UInt64 = 16, bytes: UInt32 = 4, pages: UInt32 = 2, bases: UInt32 = 0,
        pageBytes: UInt32 = 4_096, listed: (pages: Int, bases: Int) = (2, 0)
    ) throws -> Bool {
        var header = PackIndex.magic
        header.append(uint32: pageBytes)
        header.append(uint32: 0)
        var index: [UInt8] = []
        index.append(uint32: 1)
        index.append(uint32: UInt32(listed.pages))
        index.append(uint32: UInt32(listed.bases))
        index.append(uint64: offset)
        index.append(uint32: bytes)
        index.append(uint32: pages)
        index.append(uint32: bases)
        index += [UInt8](repeating: 1, count: 20 * (1 + listed.pages + listed.bases))
        let length = index.count
        index.append(uint64: 20)
        index.append(uint64: UInt64(length))
        let hash = (header + index).withUnsafeBytes { BLAKE2b.hash($0, bytes: 32) }
        let directory = TemporaryDirectory()
        let path = directory.path + "/forged.pack"
        let file = try DiskFile(creating: path)
        let whole = header + [0, 0, 0, 0] + index + hash
        try whole.withUnsafeBytes { try file.write($0, at: 0) }
        let name = hexadecimal(hash.prefix(16))
        return try PackIndex(DiskFile(reading: path), name: name) != nil
    }

    @Test("An index whose frames are not what its pages and bases are is none.")
    func forgedIndexes() throws {
        #expect(try pack())
        #expect(try pack(bases: 2, listed: (2, 2)))
        #expect(try !pack(pages: 3), "more pages than are listed")
        #expect(try !pack(pages: 1), "fewer pages than are listed")
        #expect(try !pack(pages: 0, listed: (0, 0)), "a frame of no pages")
        #expect(try !pack(bases: 2), "bases that are not listed")
        #expect(try !pack(bases: 1, listed: (2, 1)), "a base for one page of two")
        #expect(try !pack(bytes: 5), "bytes behind the frames")
        #expect(try !pack(offset: .max - 2), "an offset behind every file")
        #expect(try !pack(offset: 15), "an offset before the frames")
        #expect(try !pack(pageBytes: 0), "pages of no bytes")
        #expect(try !pack(pageBytes: 1 << 31), "pages of two gigabytes")
    }
}
