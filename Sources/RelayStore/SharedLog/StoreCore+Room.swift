import Glibc
import LMDB

extension StoreCore {
    /// Bytes that what is sent to a shared log may still take here. A host that sends leaves more free than one
    /// that applies needs: what was acknowledged anywhere has to find room here as well.
    func roomToSend() throws(StoreError) -> Int {
        let spared = min(Limits.sparedBytes, environment.statistics.mapBytes / Limits.sparedShare)
        return min(try room() - spared, roomOnDisk())
    }

    /// The same of the disk; nothing is said of one that cannot be asked.
    private func roomOnDisk() -> Int {
        var status = statvfs()
        guard statvfs(environment.directory, &status) == 0 else { return .max }
        let blockBytes = Int(status.f_frsize)
        let all = Int(clamping: status.f_blocks) * blockBytes
        let spared = min(Limits.sparedBytes, all / Limits.sparedShare)
        return Int(clamping: status.f_bavail) * blockBytes - spared
    }
}
