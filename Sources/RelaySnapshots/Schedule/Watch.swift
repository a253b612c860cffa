import Glibc
import Synchronization
import System

/// How whoever waits for long work follows it, and ends it before its time.
public final class Watch: Sendable {
    /// What is being done.
    public enum Stage: String, Sendable {
        /// Pages go from one file to another.
        case copying
        /// Bytes are compared with their sums.
        case hashing
        /// Records are looked at.
        case checking
        /// Changes are applied again.
        case replaying
    }

    private let report: @Sendable (Stage, Int, Int) -> Void
    private let isEnding: @Sendable () -> Bool
    private let stopped = Atomic<Bool>(false)

    /// Watches nothing.
    public static let none = Watch()

    /// - Parameters:
    ///   - report: told how many of how many bytes (or changes) a stage has done.
    ///   - isEnding: asked now and then whether to give up.
    public init(
        report: @escaping @Sendable (Stage, Int, Int) -> Void = { _, _, _ in },
        isEnding: @escaping @Sendable () -> Bool = { false }
    ) {
        self.report = report
        self.isEnding = isEnding
    }

    /// Says how far a stage is; throws `cancelled` if it shall not go on.
    func step(_ stage: Stage, _ done: Int, of total: Int) throws(SnapshotError) {
        if isEnded { throw .cancelled }
        report(stage, done, total)
    }

    /// Ends the work at its next step.
    public func stop() { stopped.store(true, ordering: .relaxed) }

    /// Whether the work shall not go on.
    var isEnded: Bool { isStopped || isEnding() }

    /// A second thread of the same work asks only this.
    var isStopped: Bool { stopped.load(ordering: .relaxed) }
}

/// Holds work back to so many bytes a second.
struct Pace {
    private let bytesPerSecond: Int?
    private let start = SystemClock.monotonic.nanoseconds
    private var done = 0

    /// Without a number it holds nothing back.
    init(bytesPerSecond: Int?) { self.bytesPerSecond = bytesPerSecond }

    /// Waits until these bytes may have been done.
    mutating func pass(_ bytes: Int) {
        guard let bytesPerSecond else { return }
        done += bytes
        let due = start + Int64(Double(done) / Double(bytesPerSecond) * 1e9)
        while true {
            let early = due - SystemClock.monotonic.nanoseconds
            if early <= 0 { return }
            usleep(UInt32(min(early / 1000 + 1, 500_000)))
        }
    }
}
