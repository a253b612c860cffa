import RelayStore
import Synchronization
import System

/// Appends numbered messages as a host does: so many at a time, and again under the same id what was refused
/// or got no answer.
final class Appender: Sendable {
    private struct State {
        var waiting: [Int]
        var underWay = 0
        var kept: [Int: UInt64] = [:]
        var outcomes: [Int: Int] = [:]
        var faults = 0
    }

    private let log: any SharedLog
    private let name: String
    private let state: Mutex<State>
    private let bell = Bell()

    init(_ log: any SharedLog, name: String, count: Int) {
        (self.log, self.name) = (log, name)
        state = Mutex(State(waiting: (0..<count).reversed()))
    }

    /// What a number's message says.
    static func text(_ name: String, _ number: Int) -> [UInt8] { Array("\(name) \(number)".utf8) }

    /// The numbers that were acknowledged, and where.
    var kept: [Int: UInt64] { state.withLock { $0.kept } }

    /// How many were refused or got no answer.
    var faults: Int { state.withLock { $0.faults } }

    /// Appends all; false when that takes too long.
    func run(underWay most: Int, seconds: Int64) -> Bool {
        let end = SystemClock.monotonic.milliseconds + seconds * 1_000
        while SystemClock.monotonic.milliseconds < end {
            let (numbers, isDone) = state.withLock { state in
                let count = min(most - state.underWay, state.waiting.count)
                let numbers = state.waiting.suffix(count)
                state.waiting.removeLast(count)
                state.underWay += count
                return (numbers, state.underWay == 0 && state.waiting.isEmpty)
            }
            if isDone { return true }
            for number in numbers.reversed() { append(number) }
            _ = bell.waitForRing(milliseconds: 100)
        }
        return false
    }

    private func append(_ number: Int) {
        log.append(Self.text(name, number), id: "\(name)-\(number)") { [self] outcome in
            let isFault = state.withLock { state in
                state.underWay -= 1
                if case .kept(let sequence) = outcome {
                    state.kept[number] = sequence
                    return false
                }
                state.waiting.append(number)
                state.faults += 1
                return true
            }
            // What failed is not sent again at once.
            if !isFault { bell.ring() }
        }
    }
}
