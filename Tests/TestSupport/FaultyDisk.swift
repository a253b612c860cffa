import Glibc

/// Lets another process's system calls on files fail: a library of ours, preloaded into it, takes
/// their place and reads here what has to go wrong. `faulty-disk.c` says how each fails.
public final class FaultyDisk {
    /// Kinds of system calls.
    public struct Calls: OptionSet, Sendable {
        /// A bit for each kind.
        public let rawValue: Int

        /// The set with those bits.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// write, pwrite, writev, pwritev.
        public static let write = Calls(rawValue: 1)
        /// fsync.
        public static let fsync = Calls(rawValue: 2)
        /// fdatasync.
        public static let fdatasync = Calls(rawValue: 32)
        /// fsync, fdatasync.
        public static let sync: Calls = [.fsync, .fdatasync]
        /// ftruncate.
        public static let truncate = Calls(rawValue: 4)
        /// rename, link: of their new name.
        public static let rename = Calls(rawValue: 8)
        /// fallocate.
        public static let allocate = Calls(rawValue: 16)
        /// pread.
        public static let read = Calls(rawValue: 64)
        /// open.
        public static let open = Calls(rawValue: 128)
        /// unlink.
        public static let remove = Calls(rawValue: 256)
    }

    /// What the process needs in its environment.
    public let environment: [String]
    private let control: Int32

    /// Compiles the library; all goes well at first.
    ///
    /// - Parameter part: a part of the paths of the files that are meant, with a slash at its end a
    ///   directory itself; all files without it.
    public init(in directory: TemporaryDirectory, of part: String = "") {
        let (library, path) = (directory.file("faulty-disk.so"), directory.file("faulty-disk"))
        environment = [
            "LD_PRELOAD=\(library)", "RELAY_DISK=\(path)", "RELAY_DISK_FILE=\(part)",
        ]
        control = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let source = "\(#filePath)".split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let result = ChildProcess.run(
            "gcc", ["-O2", "-shared", "-fPIC", "-o", library, source + "/faulty-disk.c"])
        precondition(result.code == 0, "\(result.output)")
        heal()
    }

    deinit { close(control) }

    /// Calls that were meant since the last `fail`.
    public var seen: Int {
        var count = 0
        pread(control, &count, MemoryLayout<Int>.stride, 5 * off_t(MemoryLayout<Int>.stride))
        return count
    }

    /// Lets calls fail from now on.
    ///
    /// - Parameters:
    ///   - error: the errno; 0 for writes that take only half of their bytes.
    ///   - skipped: calls that go well before.
    ///   - count: how many fail then; all of them without it.
    ///   - bytes: only writes of at most so many bytes are meant, such as LMDB's of a meta page (120).
    public func fail(
        _ calls: Calls, with error: Int32, after skipped: Int = 0, times count: Int? = nil,
        upTo bytes: Int = 0
    ) {
        // Nothing fails while the words do not fit each other.
        heal()
        set([Int(error), skipped, count ?? -1, bytes, 0], from: 1)
        set([calls.rawValue], from: 0)
    }

    /// Kills the process with SIGKILL before the first of these calls behind those that go well.
    public func kill(_ calls: Calls, after skipped: Int) {
        fail(calls, with: -SIGKILL, after: skipped, times: 1)
    }

    /// Counts calls from now on, of which none fails.
    public func count(_ calls: Calls) { fail(calls, with: EIO, times: 0) }

    /// Turns a bit in the last of these eight bytes, little end first, in whatever is written from now on.
    public func damage(_ mark: UInt64) {
        heal()
        set([Int(bitPattern: UInt(mark))], from: 6)
    }

    /// Lets nothing fail any more.
    public func heal() { set([0, 0, 0, 0, 0, 0, 0], from: 0) }

    private func set(_ words: [Int], from first: Int) {
        let stride = MemoryLayout<Int>.stride
        pwrite(control, words, words.count * stride, off_t(first * stride))
    }
}
