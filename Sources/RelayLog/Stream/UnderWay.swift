import JSON
import RelayStore
import Synchronization

/// Messages that were published and have no answer yet, each under the number that its answer names.
final class UnderWay: Sendable {
    private struct Message {
        /// How often the connection had been lost before it was sent.
        let losses: UInt64
        /// Milliseconds of the monotonic clock.
        let deadline: Int64
        let outcome: @Sendable (AppendOutcome) -> Void
    }

    private struct State {
        var messages: [UInt64: Message] = [:]
        /// No deadline is earlier: so nobody looks at all of them each time that one is sent.
        var earliest = Int64.max
    }

    private let state = Mutex(State())
    private let parser = Mutex(JSONParser())

    /// How many there are.
    var count: Int { state.withLock { $0.messages.count } }

    /// Before it none of them has waited long enough; nil when there is none.
    var firstDeadline: Int64? { state.withLock { $0.messages.isEmpty ? nil : $0.earliest } }

    /// Notes a message that is about to be sent.
    func begin(
        _ number: UInt64, losses: UInt64, deadline: Int64,
        _ outcome: @escaping @Sendable (AppendOutcome) -> Void
    ) {
        let message = Message(losses: losses, deadline: deadline, outcome: outcome)
        state.withLock { state in
            state.earliest = state.messages.isEmpty ? deadline : min(state.earliest, deadline)
            state.messages[number] = message
        }
    }

    /// Tells what became of a message, if nobody has before.
    func end(_ number: UInt64, _ outcome: AppendOutcome) {
        state.withLock { $0.messages.removeValue(forKey: number) }?.outcome(outcome)
    }

    /// Tells of all that were sent before the connection was lost for the last time.
    func end(before losses: UInt64, why: String) {
        endAll(.unknown(why: why)) { $0.losses < losses }
    }

    /// Tells of all that have waited long enough.
    ///
    /// - Parameter outcome: what became of them; asked when there are some.
    func end(at now: Int64, _ outcome: () -> AppendOutcome) {
        guard state.withLock({ $0.earliest <= now }) else { return }
        endAll(outcome()) { $0.deadline <= now }
    }

    /// Tells of all.
    func endAll(why: String) { endAll(.unknown(why: why)) { _ in true } }

    private func endAll(_ outcome: AppendOutcome, where isOver: (Message) -> Bool) {
        let over = state.withLock { state in
            let over = state.messages.filter { isOver($0.value) }
            for number in over.keys { state.messages[number] = nil }
            state.earliest = state.messages.values.lazy.map(\.deadline).min() ?? .max
            return over
        }
        for message in over.values { message.outcome(outcome) }
    }
}

extension UnderWay {
    /// Tells what the engine answered.
    func end(by answer: borrowing EngineMessage) {
        guard let number = answer.token else { return }
        // Nobody was there to take it.
        if answer.status == 503 {
            return end(number, .refused(why: "the log has no leader that takes messages"))
        }
        let bytes = answer.bytes
        let outcome: AppendOutcome? = parser.withLock { parser in
            (try? parser.parse(bytes) { Self.outcome(of: $0) }) ?? nil
        }
        end(number, outcome ?? .unknown(why: "the engine's answer cannot be read"))
    }

    private static func outcome(of answer: JSONValue) -> AppendOutcome? {
        guard let error = answer["error"] else {
            guard let sequence = answer["seq"]?.integer, sequence > 0 else { return nil }
            return .kept(at: UInt64(sequence))
        }
        let why = error["description"]?.string.map { String($0) } ?? "an error without words"
        let code = error["err_code"]?.integer ?? 0
        if refusals.contains(code) { return .refused(why: why) }
        return absences.contains(code) ? .unknown(why: why) : .declined(why: why)
    }

    /// Errors that are only told before the engine hands a message to its servers: another stream than was
    /// expected, a message that is too large, too many requests. Of every other one it may have been handed on.
    private static let refusals: Set<Int64> = [10_060, 10_054, 10_167]

    /// Errors of an engine that elects a leader, or begins: it is not there yet.
    private static let absences: Set<Int64> = [10_007, 10_008, 10_009]
}
