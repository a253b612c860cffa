import Glibc
import TestSupport
import Testing

/// Makes the disk of another process fail: a library of ours, preloaded into it, lets one call fail on
/// the paths that a test names.
struct FailingDisk {
    private let library: String
    private let log: String

    /// Compiles the library.
    init(in directory: TemporaryDirectory) throws {
        library = directory.file("failing-disk.so")
        log = directory.file("failing-disk.log")
        let source = "\(#filePath)".split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let result = ChildProcess.run(
            "gcc", ["-O2", "-shared", "-fPIC", "-o", library, source + "/failing-disk.c"])
        try #require(result.code == 0, "\(result.output)")
    }

    /// What a process needs in its environment.
    ///
    /// - Parameters:
    ///   - call: `fsync` or `fdatasync`.
    ///   - path: a part of the path; with a slash at its end the directory itself.
    func environment(_ call: String, on path: String, _ code: Int32 = EIO) -> [String] {
        unlink(log)
        return [
            "LD_PRELOAD=\(library)", "RELAY_FAULT=\(call):\(path):\(code)",
            "RELAY_FAULT_LOG=\(log)",
        ]
    }

    /// Whether a call has failed since.
    var hasFailed: Bool { access(log, F_OK) == 0 }
}
