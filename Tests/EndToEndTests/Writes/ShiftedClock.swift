import Glibc
import TestSupport
import Testing

/// Sets the clock of another process: a library of ours, preloaded into it, takes the place of
/// clock_gettime and reads here what it has to say.
final class ShiftedClock {
    /// What the process needs in its environment.
    let environment: [String]
    private let file: Int32

    /// Milliseconds by which the process's clock is ahead.
    var milliseconds: Int = 0 { didSet { write() } }
    /// Microseconds for which every third reader of the clock is held up behind its reading.
    var pause: Int = 0 { didSet { write() } }

    static let day = 24 * 60 * 60 * 1_000

    /// Compiles the library; the clock is right at first.
    init(in directory: TemporaryDirectory) throws {
        let library = directory.file("shifted-clock.so")
        let path = directory.file("shifted-clock")
        environment = ["LD_PRELOAD=\(library)", "RELAY_CLOCK=\(path)"]
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let source = "\(#filePath)".split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let result = ChildProcess.run(
            "gcc", ["-O2", "-shared", "-fPIC", "-o", library, source + "/shifted-clock.c"])
        try #require(result.code == 0, "\(result.output)")
        write()
    }

    deinit { close(file) }

    private func write() {
        let words = [milliseconds, pause]
        pwrite(file, words, 2 * MemoryLayout<Int>.stride, 0)
    }
}
