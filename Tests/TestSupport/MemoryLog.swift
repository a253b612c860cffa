import Glibc
import RelayStore
import Synchronization

/// A shared log in memory, which does to its messages whatever an engine and a network may do: it holds some
/// back, so that others pass them, and loses some of its answers.
public final class MemoryLog: SharedLog {
    fileprivate struct State {
        var identity: LogIdentity
        var entries: [SharedLogEntry] = []
        var ids: Set<String> = []
        var held: [(message: [UInt8], id: String)] = []
        var random: SplitMix
        var clock: Int64
        var isAway = false
        var percent = 0
        var isHolding = false
        var isReadOnly = false
        var declines: String?
        /// Messages that were handed to it.
        var handed = 0
        /// What was announced, as far as somebody has not taken it; by listener.
        var announced: [ObjectIdentifier: [[UInt8]]] = [:]

        /// A message, wherever the log begins.
        func entry(at sequence: UInt64) -> SharedLogEntry? {
            guard let first = entries.first?.sequence, sequence >= first,
                sequence - first < UInt64(entries.count)
            else { return nil }
            let entry = entries[Int(sequence - first)]
            return entry.sequence == sequence ? entry : nil
        }
    }

    private let shared: Shared
    /// What the log is called.
    public let place = "memory"

    /// What all hosts have of the log.
    public final class Shared: Sendable {
        /// Which log it is.
        public var identity: LogIdentity { state.withLock { $0.identity } }
        fileprivate let state: Mutex<State>

        /// An empty log.
        ///
        /// - Parameter percent: how many messages of a hundred are held back, and as many come twice; as
        ///   many answers are lost.
        public init(
            identity: LogIdentity = .random, seed: UInt64 = 1, clock: Int64, percent: Int = 0
        ) {
            state = Mutex(
                State(
                    identity: identity, random: SplitMix(state: seed), clock: clock,
                    percent: percent))
        }

        /// All messages so far.
        public var entries: [SharedLogEntry] { state.withLock { $0.entries } }

        /// The engine answers nobody from here on, or does again.
        public func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

        /// All messages are held back from here on, or no more.
        public func setHolding(_ isHolding: Bool) {
            state.withLock { state in
                state.isHolding = isHolding
                for late in state.held where !isHolding {
                    _ = MemoryLog.add(late.message, late.id, &state)
                }
                if !isHolding { state.held = [] }
            }
        }

        /// Messages are refused from here on, or taken again.
        public func setReadOnly(_ isReadOnly: Bool) {
            state.withLock { $0.isReadOnly = isReadOnly }
        }

        /// The engine answers each message with these words from here on, and takes none; nil: it takes them again.
        public func setDeclining(_ why: String?) { state.withLock { $0.declines = why } }

        /// How often a message was handed to it.
        public var handed: Int { state.withLock { $0.handed } }

        /// The engine's clock goes on by so many milliseconds.
        public func advance(_ milliseconds: Int64) { state.withLock { $0.clock += milliseconds } }

        /// Another log takes its place under the same name.
        public func replace(_ identity: LogIdentity, _ entries: [SharedLogEntry]) {
            state.withLock { state in
                (state.identity, state.entries, state.ids) = (identity, entries, [])
            }
        }

        /// Changes what the log has, as no engine should.
        public func corrupt(_ body: (inout [SharedLogEntry]) -> Void) {
            state.withLock { state in body(&state.entries) }
        }
    }

    /// The log as one host sees it.
    public init(_ shared: Shared) { self.shared = shared }

    /// Takes a message: at once, later, or twice.
    public func append(
        _ message: [UInt8], id: String, _ outcome: @escaping @Sendable (AppendOutcome) -> Void
    ) {
        let answer = shared.state.withLock { state -> AppendOutcome? in
            state.handed += 1
            if let why = state.declines { return .declined(why: why) }
            if state.isAway { return .refused(why: "it is away") }
            if state.isReadOnly { return .refused(why: "it takes nothing") }
            if state.isHolding {
                state.held.append((message, id))
                return .unknown(why: "it is held back")
            }
            let dice = Int.random(in: 0..<100, using: &state.random)
            if dice < state.percent {
                state.held.append((message, id))
                return .unknown(why: "it is held back")
            }
            let sequence = Self.add(message, id, &state)
            // Others are let go of behind it, and come late.
            if !state.held.isEmpty, Int.random(in: 0..<100, using: &state.random) < 50 {
                let late = state.held.removeFirst()
                // Perhaps so late that the engine has forgotten that it has it.
                if Bool.random(using: &state.random) { state.ids.remove(late.id) }
                _ = Self.add(late.message, late.id, &state)
            }
            // The engine's own memory of ids ends some time: then a message comes a second time.
            if Int.random(in: 0..<100, using: &state.random) < state.percent {
                state.ids.remove(id)
                _ = Self.add(message, id, &state)
            }
            if Int.random(in: 0..<100, using: &state.random) < state.percent {
                return .unknown(why: "the answer is lost")
            }
            return .kept(at: sequence)
        }
        if let answer { outcome(answer) }
    }

    private static func add(_ message: [UInt8], _ id: String, _ state: inout State) -> UInt64 {
        if state.ids.insert(id).inserted {
            state.clock += Int64.random(in: 0...5, using: &state.random)
            state.entries.append(
                SharedLogEntry(
                    sequence: (state.entries.last?.sequence ?? 0) + 1, time: state.clock,
                    message: message))
        }
        return state.entries.last?.sequence ?? 0
    }

    /// Reads some messages behind a number.
    public func read(
        after sequence: UInt64, waitMilliseconds: Int64
    ) throws(SharedLogError) -> [SharedLogEntry] {
        let (isAway, last, found) = shared.state.withLock { state in
            let most = Int.random(in: 1...20, using: &state.random)
            let first = state.entries.first?.sequence ?? 1
            let start = Int(sequence + 1 > first ? sequence + 1 - first : 0)
            return (
                state.isAway, state.entries.last?.sequence ?? 0,
                Array(state.entries.dropFirst(start).prefix(most))
            )
        }
        if isAway { throw .unreachable(why: "it is away") }
        if last < sequence {
            throw .unreachable(why: "it ends with \(last), and \(sequence) was read")
        }
        if found.isEmpty { usleep(2_000) }
        return found
    }

    /// A message.
    public func entry(at sequence: UInt64) throws(SharedLogError) -> SharedLogEntry? {
        shared.state.withLock { $0.entry(at: sequence) }
    }

    /// What there is.
    public func state() throws(SharedLogError) -> SharedLogState {
        let (isAway, first, last) = shared.state.withLock {
            ($0.isAway, $0.entries.first?.sequence ?? 1, $0.entries.last?.sequence)
        }
        if isAway { throw .unreachable(why: "it is away") }
        return SharedLogState(
            identity: shared.identity, first: first, last: last ?? first - 1, bytes: 0, leader: nil)
    }

    /// Goes to all who have listened.
    public func announce(_ message: [UInt8]) {
        shared.state.withLock { state in
            if state.isAway { return }
            for listener in state.announced.keys { state.announced[listener]!.append(message) }
        }
    }

    /// What was announced since the last time.
    public func announcements() -> [[UInt8]] {
        shared.state.withLock { state in
            defer { state.announced[ObjectIdentifier(self)] = [] }
            return state.announced[ObjectIdentifier(self)] ?? []
        }
    }

    /// Nobody listens any more.
    public func close() {
        shared.state.withLock { $0.announced[ObjectIdentifier(self)] = nil }
    }
}
