import Glibc
import TestSupport
import Testing

/// A file system of its own in memory, small enough to be filled: goes away with the value. Only root
/// can have one.
final class SmallDisk {
    /// Whether this process may mount.
    static let isPossible = ChildProcess.run("unshare", ["-m", "true"]).code == 0

    /// Where it is mounted.
    let path: String

    init(in directory: TemporaryDirectory, mebibytes: Int) throws {
        path = directory.file("disk")
        mkdir(path, 0o755)
        let mounted = ChildProcess.run(
            "mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", path])
        try #require(mounted.code == 0, "\(mounted.output)")
    }

    deinit { _ = ChildProcess.run("umount", ["-l", path]) }

    /// A path inside.
    func file(_ name: String) -> String { path + "/" + name }

    /// Fills it with a file, up to some bytes that stay free.
    func fill(but free: Int = 0) {
        var space = statvfs()
        statvfs(path, &space)
        let block = [UInt8](repeating: 7, count: 4_096)
        let filler = open(file("filler"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(filler) }
        for _ in 0..<max(0, Int(space.f_bavail) - free / 4_096)
        where write(filler, block, block.count) < 0 { return }
    }

    /// Removes the file that fills it.
    func makeRoom() { unlink(file("filler")) }
}
