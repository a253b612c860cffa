import Metrics
import Synchronization

/// What one event loop, or several together, have done since they began.
public struct LoopCounters: Equatable, Sendable {
    /// Answers that were handed over for sending, by the first digit of their status: index 2 for
    /// 2xx … 5 for 5xx.
    public var answers: InlineArray<6, UInt64> = .init(repeating: 0)
    /// Connections that were taken in.
    public var connections: UInt64 = 0
    /// Bytes that came from clients, frames and all.
    public var receivedBytes: UInt64 = 0
    /// Bytes that the kernel took from us, frames and all.
    public var sentBytes: UInt64 = 0
    /// Bytes of those that were lent to the kernel instead of being copied.
    public var lentBytes: UInt64 = 0
    /// Loops that copy everything, because the kernel refused to take memory on loan.
    public var copyingLoops: UInt64 = 0
    /// Turns in which there was something to do: `requests` by it is how many share one.
    public var turns: UInt64 = 0
    /// Streams that are open now.
    public var openStreams: UInt64 = 0
    /// Connections that the server has cut off, by the raw value of `CutOff`.
    public var cutOffs: InlineArray<8, UInt64> = .init(repeating: 0)

    /// None yet.
    public init() {}

    /// Requests that were answered.
    public var requests: UInt64 { answers[2] + answers[3] + answers[4] + answers[5] }

    /// What two loops did together.
    public static func + (left: LoopCounters, right: LoopCounters) -> LoopCounters {
        var sum = left
        for index in 0..<6 { sum.answers[index] += right.answers[index] }
        sum.connections += right.connections
        sum.receivedBytes += right.receivedBytes
        sum.sentBytes += right.sentBytes
        sum.lentBytes += right.lentBytes
        sum.copyingLoops += right.copyingLoops
        sum.turns += right.turns
        sum.openStreams += right.openStreams
        for index in 0..<8 { sum.cutOffs[index] += right.cutOffs[index] }
        return sum
    }

    /// Whether both counted the same.
    public static func == (left: LoopCounters, right: LoopCounters) -> Bool {
        (2..<6).allSatisfy { left.answers[$0] == right.answers[$0] }
            && left.connections == right.connections && left.turns == right.turns
            && left.receivedBytes == right.receivedBytes && left.sentBytes == right.sentBytes
            && left.lentBytes == right.lentBytes && left.copyingLoops == right.copyingLoops
            && left.openStreams == right.openStreams
            && (0..<8).allSatisfy { left.cutOffs[$0] == right.cutOffs[$0] }
    }
}

/// A loop's counters for other threads to read.
///
/// The loop counts in plain integers and stores them here once a turn: relaxed stores to a line that
/// nobody else writes cost it nothing that could be measured. Those who read may see one counter of
/// this turn and another of the last.
final class PublishedCounters: Sendable {
    private let connections = Atomic<UInt64>(0)
    private let receivedBytes = Atomic<UInt64>(0)
    private let sentBytes = Atomic<UInt64>(0)
    private let lentBytes = Atomic<UInt64>(0)
    private let copyingLoops = Atomic<UInt64>(0)
    private let turns = Atomic<UInt64>(0)
    private let openStreams = Atomic<UInt64>(0)
    // Rare, so not worth a line that all turns write.
    private let cutOffs = Mutex(InlineArray<8, UInt64>(repeating: 0))

    @inline(__always)
    func publish(_ counters: LoopCounters) {
        connections.store(counters.connections, ordering: .relaxed)
        receivedBytes.store(counters.receivedBytes, ordering: .relaxed)
        sentBytes.store(counters.sentBytes, ordering: .relaxed)
        lentBytes.store(counters.lentBytes, ordering: .relaxed)
        copyingLoops.store(counters.copyingLoops, ordering: .relaxed)
        turns.store(counters.turns, ordering: .relaxed)
        openStreams.store(counters.openStreams, ordering: .relaxed)
    }

    /// Publishes what is seldom counted.
    func publish(cutOffs counted: InlineArray<8, UInt64>) {
        cutOffs.withLock { $0 = counted }
    }

    /// What was published, with the answers that a loop has timed.
    func current(_ requests: RequestValues) -> LoopCounters {
        var counters = LoopCounters()
        for index in 2..<6 { counters.answers[index] = requests.answers(index) }
        counters.connections = connections.load(ordering: .relaxed)
        counters.receivedBytes = receivedBytes.load(ordering: .relaxed)
        counters.sentBytes = sentBytes.load(ordering: .relaxed)
        counters.lentBytes = lentBytes.load(ordering: .relaxed)
        counters.copyingLoops = copyingLoops.load(ordering: .relaxed)
        counters.turns = turns.load(ordering: .relaxed)
        counters.openStreams = openStreams.load(ordering: .relaxed)
        counters.cutOffs = cutOffs.withLock { $0 }
        return counters
    }
}
