import Synchronization
import System

/// The hosts that are gone for good, kept beside the store: a start of all hosts would bring them back otherwise,
/// for what hosts tell each other is lost then.
///
/// A file `forgotten-hosts` of lines `NAME=TIME`. What cannot be read in it is passed over: a host that is
/// listed again can be forgotten again.
final class ForgottenHostsFile: Sendable {
    private let path: String
    /// What the file has.
    private let kept: Mutex<[ForgottenHost]>

    init(of directory: String) {
        path = directory + "/forgotten-hosts"
        kept = Mutex(Self.read(path))
    }

    /// What was kept before the start.
    var hosts: [ForgottenHost] { kept.withLock { $0 } }

    /// Keeps these, and no others; they are on the disk when this returns. Does nothing when it has them.
    func keep(_ hosts: [ForgottenHost]) throws(FileError) {
        let path = path
        try kept.withLock { kept throws(FileError) in
            if kept == hosts { return }
            let text = hosts.prefix(Limits.forgottenHosts).map { "\($0.word)\n" }.joined()
            try DiskFile.replace(path, with: Array(text.utf8))
            kept = hosts
        }
    }

    private static func read(_ path: String) -> [ForgottenHost] {
        guard let file = try? DiskFile(path, .reading) else { return [] }
        var bytes = [UInt8](repeating: 0, count: Limits.forgottenHosts * Limits.forgottenHostBytes)
        // SAFETY: the array is filled inside the closure.
        let count = bytes.withUnsafeMutableBytes { room in try? file.read(into: room, at: 0) }
        return ForgottenHost.read(String(decoding: bytes.prefix(count ?? 0), as: UTF8.self))
    }
}
