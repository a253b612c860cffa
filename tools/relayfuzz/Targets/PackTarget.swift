import Glibc
import RelayStore

@testable import RelaySnapshots

/// The index of a pack, with a header before it and a trailer behind it that vouches for it.
enum PackTarget {
    /// A file without a name, written anew for each input.
    private static let scratch: Int32 = {
        let path = "/dev/shm/relayfuzz-\(getpid())-pack"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        unlink(path)
        return descriptor
    }()

    static func run(_ bytes: [UInt8]) {
        guard bytes.count >= 2 else { return }
        // So many bytes of frames before the index.
        let frames = [UInt8](repeating: 7, count: Int(bytes[0]) + 1)
        let index = Array(bytes.dropFirst())
        var numbers: [UInt8] = []
        numbers.append(uint64: UInt64(PackIndex.headerBytes + frames.count))
        numbers.append(uint64: UInt64(index.count))
        let header = PackIndex(pageBytes: 4_096).header
        let hashed = BLAKE2b(bytes: PackIndex.hashBytes)
        for part in [header, index, numbers] {
            // SAFETY: taken in inside the closure.
            part.withUnsafeBytes { hashed.update($0) }
        }
        let hash = hashed.finish()
        ftruncate(scratch, 0)
        let file = DiskFile(
            descriptor: fcntl(scratch, F_DUPFD_CLOEXEC, 3), path: "input")
        let all = header + frames + index + numbers + hash
        // SAFETY: written inside the closure.
        all.withUnsafeBytes { bytes in try? file.write(bytes, at: 0) }
        guard let pack = try? PackIndex(file, name: hexadecimal(hash.prefix(16))) else { return }
        var first = 0
        for frame in pack.frames {
            Target.require(frame.first == first, "frames are not one behind the other")
            first += frame.pages
        }
        Target.require(first == pack.addresses.count, "the frames do not have the pack's pages")
        for page in pack.addresses.indices {
            _ = pack.frame(of: page)
            _ = pack.base(of: page)
        }
    }
}
