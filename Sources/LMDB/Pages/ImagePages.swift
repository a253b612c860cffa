import CLinux
import Glibc

/// The pages of a `CommitImage`, for several threads to read. Valid as long as the image.
public struct ImagePages: @unchecked Sendable {
    // SAFETY (all reads of this type): the map of an environment that the image's reader keeps
    // open; used pages do not change while it lives, and no others are read. A file on its own has
    // one owner, who unmaps it after its last use.
    let start: UnsafeRawPointer
    private let meta: MetaPage
    /// Pages of the image, with the two meta pages.
    public let count: Int
    /// Pages that the file really has: touching one behind its end is SIGBUS.
    let readableCount: Int
    /// Pages that nothing uses.
    public let free: PageSet

    init(
        start: UnsafeRawPointer, meta: MetaPage, pageCount: Int, free: PageSet,
        readableCount: Int? = nil
    ) {
        self.start = start
        self.meta = meta
        count = pageCount
        self.readableCount = readableCount ?? pageCount
        self.free = free
    }

    /// Bytes of one page.
    public var pageBytes: Int { Int(meta.pageBytes) }

    /// Bytes of the image.
    public var byteCount: Int { count * pageBytes }

    /// Pages that hold something.
    public var usedCount: Int { count - free.count }

    /// Lends some pages of the image: straight from the map where all of them are in use, else
    /// laid out in `scratch`, which has room for them.
    public func withPages<Result, Failure: Error>(
        _ range: Range<Int>, scratch: UnsafeMutableRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        let bytes = range.count * pageBytes
        if range.lowerBound >= 2, !free.intersects(range) {
            let first = start + range.lowerBound * pageBytes
            // A step ahead of single faults; what it cannot do, the faults do.
            _ = relay_populate(first, UInt(bytes))
            return try body(UnsafeRawBufferPointer(start: first, count: bytes))
        }
        precondition(scratch.count >= bytes)
        for page in range {
            let offset = (page - range.lowerBound) * pageBytes
            let room = UnsafeMutableRawBufferPointer(
                rebasing: scratch[offset..<offset + pageBytes])
            if page < 2 {
                meta.write(asPage: page, to: room)
            } else if free.contains(page) {
                room.initializeMemory(as: UInt8.self, repeating: 0)
            } else {
                room.copyMemory(
                    from: UnsafeRawBufferPointer(
                        start: start + page * pageBytes, count: pageBytes))
            }
        }
        return try body(UnsafeRawBufferPointer(rebasing: scratch[..<bytes]))
    }

    /// Whether none of these pages holds anything.
    public func areFree(_ range: Range<Int>) -> Bool {
        range.lowerBound >= 2 && range.allSatisfy { free.contains($0) }
    }

    /// A page in use, as it lies in the map.
    func page(_ number: Int) -> UnsafeRawBufferPointer {
        precondition(number >= 2 && number < readableCount)
        return UnsafeRawBufferPointer(start: start + number * pageBytes, count: pageBytes)
    }

    /// Bytes that lie on several neighbouring pages, behind a header.
    func run(
        _ first: Int, _ pages: Int, skipping header: Int, _ bytes: Int
    ) -> UnsafeRawBufferPointer {
        precondition(first >= 2 && first + pages <= readableCount)
        precondition(header + bytes <= pages * pageBytes)
        return UnsafeRawBufferPointer(
            start: start + first * pageBytes + header, count: bytes)
    }
}
