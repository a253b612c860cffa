import Metrics
import Synchronization
import System

/// Sends what is to be written to a shared log, and hands on what came of it.
///
/// A message that is not answered is sent again under the same number: replicas apply a number once. What
/// was never sent when the engine is given up is refused; what may be in the log and does not come back in
/// time has an end that is not known.
final class LogPublisher: CommandEntrance {
    private let log: any SharedLog
    private let core: StoreCore
    private let health: StoreHealth
    private let clockDifference = Mutex(ClockDifference())
    /// Why what is read back cannot be applied here; nil when it can.
    private let standing = Mutex<StoreError?>(nil)
    /// Microseconds from sending to the engine's answer, in steps of a millisecond.
    let answerTime = Histogram(.microseconds)
    let session = SessionID.random
    private let outgoing: Mutex<OutgoingMessages>
    private let bell = Bell()

    init(_ replication: Replication, _ core: StoreCore, _ health: StoreHealth) {
        (log, self.core, self.health) = (replication.log, core, health)
        // Reads that may not be old need a sign of the log more often.
        let idleInterval = min(
            Limits.idleInterval, replication.staleReads.map { $0 / 4 } ?? .max)
        outgoing = Mutex(
            OutgoingMessages(replication.host, session, idleInterval: idleInterval))
    }

    func submit(_ command: any WriteCommand, evenIfFull: Bool) -> Submission {
        // It would be carried out everywhere, and nobody could say here what came of it.
        if !evenIfFull, let why = standing.withLock({ $0 }) {
            return .refused(.standing(why: "\(why)"))
        }
        let now = SystemClock.monotonic.milliseconds
        let submission = outgoing.withLock {
            $0.submit(command, evenIfFull: evenIfFull, now)
        }
        if submission == .accepted { bell.ring() }
        return submission
    }

    func submit(_ command: any WriteCommand, after milliseconds: Int64) {
        let due = SystemClock.monotonic.milliseconds + milliseconds
        outgoing.withLock { $0.submit(command, at: due) }
        bell.ring()
    }

    /// What is read back cannot be applied here, for this reason, or can again. On the writer's thread.
    func stand(_ why: StoreError?) { standing.withLock { $0 = why } }

    /// The engine has answered.
    private func settle(_ number: UInt64, _ outcome: AppendOutcome) {
        let now = SystemClock.monotonic.milliseconds
        if let taken = outgoing.withLock({ $0.settle(number, outcome, now) }) {
            answerTime.record(1_000 * taken)
        }
        bell.ring()
    }

    /// A message of this session was applied here, and its outcomes are durable. On the writer's thread.
    ///
    /// - Parameter outcomes: nil when it was passed over: it came before, and has had its outcomes.
    func applied(_ number: UInt64, _ outcomes: [Result<any Sendable, StoreError>]?) {
        guard let outcomes, let message = outgoing.withLock({ $0.applied(number) }) else { return }
        for (command, outcome) in zip(message.commands, outcomes) {
            command.complete(applied: outcome)
        }
        bell.ring()
    }

    /// A message was read, which the engine took at a time: one of this session shows how clocks differ.
    func compareClocks(_ message: LogMessage, engineTime: Int64) {
        guard message.session == session else { return }
        let now = core.clock.now()
        let (words, isFar) = clockDifference.withLock {
            ($0.compare(sent: message.sent, engine: engineTime, now: now), $0.isFar)
        }
        if let words { health.tell(isFar ? .warning : .info, "clock_differs", words) }
    }

    /// The log goes on where the store ends: it may be written to.
    func open() {
        outgoing.withLock { $0.open() }
        bell.ring()
    }

    /// The log may not be the store's own: nothing is written to it until it is known to be.
    func hold() { outgoing.withLock { $0.hold() } }

    /// The store does not go on with its log.
    func refuseAll(_ stop: ReplicaStop) {
        outgoing.withLock { $0.refuseAll(stop) }
        bell.ring()
    }

    /// Takes nothing more; `run` returns when what is under way has come back, or has had its time.
    func stop() {
        outgoing.withLock { $0.end() }
        bell.ring()
    }

    /// What is sent.
    var figures: LogClientFigures.Publishing {
        var figures = outgoing.withLock { $0.figures(at: SystemClock.monotonic.milliseconds) }
        figures.clockDifference = clockDifference.withLock { $0.milliseconds }
        return figures
    }

    /// Why this host takes no writes, though it goes on with the log; nil while it takes them.
    var writesRefused: String? {
        if let why = standing.withLock({ $0 }) { return "\(why)" }
        let figures = figures
        return figures.refusesWrites
            ? figures.whyAway.map { "the log takes no messages: \($0)" } : nil
    }

    /// What the thread does.
    ///
    /// - Parameter applied: up to where the log is applied here now.
    func run(applied: () -> ReplicaState?) {
        // Nothing is known of the engine yet.
        var told: LogCondition?
        while true {
            let applied = applied()
            let clock = max(core.clock.now(), (applied?.time ?? 0) - Limits.clockBehind)
            // What cannot be told is left to those who apply.
            let room = (try? core.roomToSend()) ?? .max
            let work = outgoing.withLock {
                $0.next(SystemClock.monotonic.milliseconds, clock: clock, room: room, applied)
            }
            for message in work.messages {
                log.append(message.bytes, id: "\(session)-\(message.number)") {
                    [weak self] outcome in
                    self?.settle(message.number, outcome)
                }
            }
            for (command, error) in work.ended { command.complete(.failure(error)) }
            tell(&told)
            if work.isOver { return }
            _ = bell.waitForRing(milliseconds: work.wait)
        }
    }

    /// Tells that the engine takes messages no more, or does again.
    ///
    /// - Parameter told: what was told last; nil as long as it has not been up, which each start begins with.
    private func tell(_ told: inout LogCondition?) {
        let figures = figures
        guard figures.condition != told, told != nil || figures.condition != .electing else {
            return
        }
        let why = figures.whyAway ?? ""
        switch figures.condition {
        case .up where told == nil: break
        case .up: health.tell(.info, "log_up", "\(log.place) takes messages again")
        case .electing:
            health.tell(
                .warning, "log_electing", "\(log.place) takes no message (\(why)): writes wait")
        case .down:
            health.tell(
                .error, "log_down",
                "\(log.place) has taken no message for long (\(why)): writes are refused")
        case .refusesWrites:
            health.tell(
                .error, "log_refuses_writes",
                "\(log.place) answers, and takes no message (\(why)): writes wait, and are refused "
                    + "when that lasts")
        }
        told = figures.condition
    }
}
