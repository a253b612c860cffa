import Glibc
import TestSupport
import Testing

/// Counts the allocations of another process: a library of ours, preloaded into it, takes the
/// place of malloc and its like and counts in a file that this process reads meanwhile.
final class AllocationCounter {
    /// What a process has done since its start.
    struct Counts {
        var allocations: Int
        var reallocations: Int
        var frees: Int
        var bytes: Int

        static func - (left: Counts, right: Counts) -> Counts {
            Counts(
                allocations: left.allocations - right.allocations,
                reallocations: left.reallocations - right.reallocations,
                frees: left.frees - right.frees, bytes: left.bytes - right.bytes)
        }
    }

    /// What the counted process needs in its environment.
    let environment: [String]
    private let file: String

    /// Compiles the library.
    init(in directory: TemporaryDirectory) throws {
        let library = directory.file("allocation-counter.so")
        file = directory.file("allocation-counts")
        environment = ["LD_PRELOAD=\(library)", "RELAY_ALLOCATION_COUNTS=\(file)"]
        let source = "\(#filePath)".split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let result = ChildProcess.run(
            "gcc", ["-O2", "-shared", "-fPIC", "-o", library, source + "/allocation-counter.c"])
        try #require(result.code == 0, "\(result.output)")
    }

    /// The counts now.
    func read() throws -> Counts {
        let descriptor = open(file, O_RDONLY)
        defer { close(descriptor) }
        var words = [Int](repeating: 0, count: 4)
        let size = words.count * MemoryLayout<Int>.stride
        let count = Glibc.read(descriptor, &words, size)
        try #require(count == size, "the counter was not loaded")
        return Counts(
            allocations: words[0], reallocations: words[1], frees: words[2], bytes: words[3])
    }

    /// What happens while `body` runs.
    func count(_ body: () throws -> Void) throws -> Counts {
        let before = try read()
        try body()
        return try read() - before
    }
}
