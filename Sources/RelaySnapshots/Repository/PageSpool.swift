import Glibc

/// Pages that are kept aside for a while, in a file that has no name: memory does not grow with
/// them, and a process that is killed leaves nothing behind.
final class PageSpool {
    private let file: DiskFile
    /// Bytes of each page.
    let pageBytes: Int
    /// Pages that are kept.
    private(set) var count = 0

    /// Makes an empty one on the disk that a directory is on.
    init(in directory: String, pageBytes: Int) throws(SnapshotError) {
        // The name lives for a moment only; if that is when the process ends, the next one that
        // writes to the repository removes it like any other part.
        let number = String(UInt64.random(in: .min ... .max), radix: 36)
        file = try DiskFile(creating: "\(directory)/spool.part-\(number)")
        unlink(file.path)
        self.pageBytes = pageBytes
    }

    /// Adds a page; returns its number, from 0 on.
    func append(_ page: UnsafeRawBufferPointer) throws(SnapshotError) -> Int {
        precondition(page.count == pageBytes, "a spool keeps pages of one size")
        try file.write(page, at: count * pageBytes)
        count += 1
        return count - 1
    }

    /// Reads a page back.
    func read(
        _ number: Int, into room: UnsafeMutableRawBufferPointer
    ) throws(SnapshotError) {
        precondition((0..<count).contains(number) && room.count == pageBytes)
        guard try file.read(into: room, at: number * pageBytes) == pageBytes else {
            throw .system(call: "read", path: file.path, errno: EIO)
        }
    }
}
