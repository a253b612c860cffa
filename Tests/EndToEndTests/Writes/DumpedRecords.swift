import Glibc
import TestSupport

/// What two stores that hold the same have in common in their dumps.
enum DumpedRecords {
    /// The lines of a dump, without what differs between stores that hold the same: epoch, versions, and
    /// the times of last changes, which a load makes its own.
    static func bytes(_ file: String) -> [UInt8] {
        var text = Array(readText(file).utf8)
        text.removeFirst((text.firstIndex(of: 0x0A) ?? -1) + 1)
        // The time follows the name; the version and what stands between it and the document go with it.
        blank(&text, from: "\",\"updatedAt\":\"", count: 24, upTo: nil)
        blank(&text, from: ",\"version\":", count: 0, upTo: ",\"document\":")
        return text.filter { $0 != 0 }
    }

    /// Overwrites with zeros what stands behind a text: some bytes, or all before another text.
    private static func blank(_ bytes: inout [UInt8], from: String, count: Int, upTo: String?) {
        // SAFETY: the array's own bytes, in bounds; `find` looks no further.
        bytes.withUnsafeMutableBytes { bytes in
            var place = 0
            while let found = find(from, in: UnsafeRawBufferPointer(bytes), from: place) {
                let start = found + from.utf8.count
                var end = min(start + count, bytes.count)
                if let upTo {
                    end = find(upTo, in: UnsafeRawBufferPointer(bytes), from: start) ?? end
                }
                memset(bytes.baseAddress! + start, 0, end - start)
                place = end
            }
        }
    }

    private static func find(_ text: String, in bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        let wanted = Array(text.utf8)
        var place = from
        // SAFETY: both look only at bytes from `place` on.
        while let found = memchr(
            bytes.baseAddress! + place, Int32(wanted[0]), bytes.count - place)
        {
            place = UnsafeRawPointer(found) - bytes.baseAddress!
            guard place + wanted.count <= bytes.count else { return nil }
            if memcmp(found, wanted, wanted.count) == 0 { return place }
            place += 1
        }
        return nil
    }
}
