import Glibc

/// Looks whether all pages that a commit can reach lie within the data file, by `pread`, without
/// mapping anything.
///
/// A file may end before the last page that its commit counts and be whole: pages that one
/// transaction both took and freed are never written. So a short file is walked, and only one
/// that lacks a page which is in use is truncated. Offsets are those of `MDB_page` and `MDB_node`.
struct PageWalk {
    private let descriptor: Int32
    private let pageBytes: Int
    private let pages: UInt64
    private var page: [UInt8]

    private static let branch: UInt16 = 0x01
    private static let leaf: UInt16 = 0x02
    private static let overflow: UInt16 = 0x04
    /// Root of an empty tree.
    private static let noPage = UInt64.max
    /// Where `MDB_db` has its root.
    private static let rootOffset = 40

    /// `bytes` is the size of the file.
    init(_ descriptor: Int32, pageBytes: Int, bytes: Int) {
        self.descriptor = descriptor
        self.pageBytes = pageBytes
        pages = UInt64(bytes / pageBytes)
        page = [UInt8](repeating: 0, count: pageBytes)
    }

    /// Whether a tree and everything below it lies within the file.
    mutating func isWhole(root: UInt64) -> Bool {
        var waiting: [UInt64] = root == Self.noPage ? [] : [root]
        while let number = waiting.popLast() {
            guard read(number) else { return false }
            let flags = uint16(10)
            if flags & Self.overflow != 0 {
                guard number + UInt64(uint16(12)) | UInt64(uint16(14)) << 16 <= pages else {
                    return false
                }
            } else if flags & (Self.branch | Self.leaf) != 0 {
                guard follow(isBranch: flags & Self.branch != 0, &waiting) else { return false }
            } else {
                return false
            }
        }
        return true
    }

    /// Adds the pages that the nodes of the current page lead to.
    private func follow(isBranch: Bool, _ waiting: inout [UInt64]) -> Bool {
        let pageHeader = 16
        let nodeHeader = 8
        let isLarge: UInt16 = 0x01
        let isTree: UInt16 = 0x02
        let lower = Int(uint16(12))
        guard lower >= pageHeader, lower <= pageBytes else { return false }
        for pointer in stride(from: pageHeader, to: lower, by: 2) {
            let node = Int(uint16(pointer))
            guard node + nodeHeader <= pageBytes else { return false }
            let flags = uint16(node + 4)
            let data = node + nodeHeader + Int(uint16(node + 6))
            if isBranch {
                let low = UInt64(uint16(node)) | UInt64(uint16(node + 2)) << 16
                waiting.append(low | UInt64(flags) << 32)
            } else if flags & isLarge != 0 {
                guard data + 8 <= pageBytes else { return false }
                waiting.append(word(data))
            } else if flags & isTree != 0 {
                guard data + Self.rootOffset + 8 <= pageBytes else { return false }
                let root = word(data + Self.rootOffset)
                if root != Self.noPage { waiting.append(root) }
            }
        }
        return true
    }

    private mutating func read(_ number: UInt64) -> Bool {
        guard number < pages else { return false }
        return pread(descriptor, &page, pageBytes, off_t(number) * off_t(pageBytes)) == pageBytes
    }

    private func uint16(_ offset: Int) -> UInt16 {
        UInt16(page[offset]) | UInt16(page[offset + 1]) << 8
    }

    private func word(_ offset: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(page[offset + $1]) << (8 * UInt64($1)) }
    }
}
