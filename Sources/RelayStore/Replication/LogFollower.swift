import Synchronization
import System

/// Reads a shared log and has the writer apply what it reads, in order and nothing else.
///
/// Before it reads on after a start, a loss of the engine or a message that could not be applied, it makes
/// sure that the log is the one that the store was made from, up to the last message.
final class LogFollower: Sendable {
    let log: any SharedLog
    let core: StoreCore
    private let queue: CommandQueue
    let health: StoreHealth
    let publisher: LogPublisher
    private let makeDecoder: @Sendable () -> Replication.Decoder
    let state = Mutex(FollowerState())
    private let highestLevel: UInt8
    /// Told of commits behind marks, on the writer's thread.
    let marked: @Sendable (MarkedCommit) -> Void
    let bell = Bell()
    let hosts: KnownHosts

    private enum Fault: Error {
        case engine(SharedLogError)
        case store(StoreError)
        case stop(ReplicaStop)
    }

    init(
        _ replication: Replication, _ core: StoreCore, _ queue: CommandQueue,
        _ health: StoreHealth, _ publisher: LogPublisher, _ hosts: KnownHosts,
        marked: @escaping @Sendable (MarkedCommit) -> Void
    ) {
        (log, makeDecoder) = (replication.log, replication.makeDecoder)
        (highestLevel, self.hosts, self.marked) = (replication.highestLevel, hosts, marked)
        (self.core, self.queue, self.health) = (core, queue, health)
        self.publisher = publisher
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        bell.ring()
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Up to where the log is applied.
    var applied: ReplicaState? { state.withLock { $0.applied } }

    var figures: LogClientFigures.Following {
        let now = SystemClock.monotonic.milliseconds
        return state.withLock { state in
            var figures = state.figures
            figures.silence = now - state.heardAt
            figures.behind = state.behindSince.map { $0 == .min ? .max : now - $0 } ?? 0
            figures.differing = state.others.differing
            return figures
        }
    }

    // MARK: The thread

    func run() {
        let decoder = makeDecoder()
        var doubt = LogDoubt()
        while !isStopped {
            do throws(Fault) {
                if var sequence = try begin(&doubt) {
                    while !isStopped, try readOn(after: &sequence, decoder) {}
                }
            } catch {
                if doubt.isContradicted { publisher.hold() }
                if end(error) { return }
                _ = bell.waitForRing(milliseconds: Limits.followPause)
            }
            waitUntilApplied()
            pauseIfFailed()
        }
    }

    /// Notes why reading has ended; says whether that is for good.
    private func end(_ fault: Fault) -> Bool {
        // It is this host that has closed the log.
        if isStopped { return true }
        switch fault {
        case .engine(.anew(let why)):
            publisher.hold()
            return end(.engine(.unreachable(why: why)))
        case .engine(.unreachable(let why)):
            let isNew = state.withLock { state in
                defer { state.figures.trouble = why }
                return state.figures.trouble == nil
            }
            if isNew { health.tell(.warning, "log_unreachable", "\(log.place): \(why)") }
            return false
        case .engine(.missing(let name)):
            return end(.stop(.missing(why: "\(SharedLogError.missing(name: name))")))
        case .engine(.unfit(let why)):
            return end(.stop(.unfit(why: "\(SharedLogError.unfit(why: why))")))
        case .store(let error):
            health.writeFailed(error)
            return error.isFatal
        case .stop(let stop):
            halt(stop)
            return true
        }
    }

    /// Applying has ended; what is there can still be read.
    func halt(_ stop: ReplicaStop) {
        let isFirst = state.withLock { state in
            defer { state.figures.stop = state.figures.stop ?? stop }
            return state.figures.stop == nil
        }
        guard isFirst else { return }
        health.tell(.error, "replica_stopped", "\(log.place): \(stop)")
        publisher.refuseAll(stop)
        self.stop()
    }

    /// Makes sure that the log goes on where the store ends; gives that place, or nil when it has to look
    /// again.
    private func begin(_ doubt: inout LogDoubt) throws(Fault) -> UInt64? {
        let applied: ReplicaState
        do throws(StoreError) {
            guard let state = try core.replicaState() else { throw .replica(.notAReplica) }
            applied = state
        } catch {
            throw .store(error)
        }
        state.withLock { state in
            if state.applied?.sequence != applied.sequence {
                state.others.note(applied)
            }
            state.applied = applied
            (state.hasFailed, state.mustLookAgain) = (false, false)
        }
        if applied.level > UInt32(highestLevel) {
            throw .stop(newer(applied.sequence, applied.level))
        }
        if !isIntroduced {
            // The engine is there, and so are the words of other hosts.
            _ = try asking { () throws(SharedLogError) in try log.state() }
            awaitIntroductions()
        }
        let furthest = hosts.furthest(in: applied.identity)
        let found = try asking { () throws(SharedLogError) in try log.state() }
        if found.identity == applied.identity {
            state.withLock { $0.know(of: found.last, at: SystemClock.monotonic.milliseconds) }
        }
        let finding = try asking { () throws(SharedLogError) in
            try doubt.examine(log, found, applied, furthest: furthest)
        }
        switch finding {
        case .contradiction(let stop): throw .stop(stop)
        case .begunAnew(let entry): return try goOn(entry)
        case nil: break
        }
        let hadTrouble = state.withLock { state in
            defer { state.figures.trouble = nil }
            state.heardOf(found.last, at: SystemClock.monotonic.milliseconds)
            return state.figures.trouble != nil
        }
        publisher.open()
        if hadTrouble { health.tell(.info, "log_reached", "\(log.place) can be read again") }
        return applied.sequence
    }

    /// Applies the first message of a log that takes the place of the one before; nil, to look again.
    private func goOn(_ entry: SharedLogEntry) throws(Fault) -> UInt64? {
        state.withLock { $0.beginAnew() }
        guard try hand(entry, makeDecoder(), isFirst: true) else { return nil }
        waitUntilApplied()
        if !state.withLock({ $0.hasFailed }) {
            health.tell(
                .warning, "log_begun_anew",
                "\(log.place) goes on in the place of a log that was lost")
        }
        return nil
    }

    private func asking<Value>(
        _ body: () throws(SharedLogError) -> Value
    ) throws(Fault) -> Value {
        do throws(SharedLogError) { return try body() } catch { throw .engine(error) }
    }

    /// Reads what is there; false when it has to begin anew.
    private func readOn(
        after sequence: inout UInt64, _ decoder: Replication.Decoder
    ) throws(Fault) -> Bool {
        let start = sequence
        let entries = try asking { () throws(SharedLogError) in
            try log.read(after: start, waitMilliseconds: Limits.readWait)
        }
        state.withLock { state in
            state.heardOf(
                entries.last?.sequence ?? 0, at: SystemClock.monotonic.milliseconds)
        }
        for entry in entries {
            guard entry.sequence == sequence + 1, waitForRoom(entry.message.count),
                try hand(entry, decoder)
            else { return false }
            sequence = entry.sequence
        }
        return !state.withLock { $0.hasFailed || $0.mustLookAgain }
    }

    /// Hands a message to the writer; false when that takes no more.
    ///
    /// - Parameter isFirst: whether it is the first of a log that takes the place of another one.
    private func hand(
        _ entry: SharedLogEntry, _ decoder: Replication.Decoder, isFirst: Bool = false
    ) throws(Fault) -> Bool {
        let message: ReplicatedMessage
        do throws(ReplicaStop) {
            message = try self.message(entry, decoder, isFirst: isFirst)
        } catch {
            // What comes before it is applied.
            waitUntilApplied()
            throw .stop(error)
        }
        // A mark has a commit of its own.
        if message.isMark { waitUntilApplied() }
        state.withLock { state in
            state.messagesAhead += 1
            state.bytesAhead += message.byteCount
        }
        if case .stopped = queue.submit(message, evenIfFull: true) {
            state.withLock { $0.ended(message.byteCount) }
            return false
        }
        if message.isMark { waitUntilApplied() }
        return true
    }

    private func message(
        _ entry: SharedLogEntry, _ decoder: Replication.Decoder, isFirst: Bool
    ) throws(ReplicaStop) -> ReplicatedMessage {
        let message: LogMessage
        do throws(LogMessageFault) {
            message = try LogMessage(entry.message, upTo: highestLevel)
        } catch .newerLevel(let level) {
            throw newer(entry.sequence, UInt32(level))
        } catch {
            throw .unreadable(sequence: entry.sequence, why: "\(error)")
        }
        guard message.kind == (isFirst ? .beginning : .commands) else {
            throw .unreadable(sequence: entry.sequence, why: "a second beginning")
        }
        let (byteCount, time) = (entry.message.count, entry.time)
        let replicated = try ReplicatedMessage(
            entry, message, decoder: decoder,
            isBehindFailure: { [weak self] in self?.state.withLock { $0.hasFailed } ?? true }
        ) { [weak self] result in
            self?.completed(entry.sequence, message, byteCount, result)
            self?.publisher.compareClocks(message, engineTime: time)
        }
        if let level = replicated.raisedLevel, level > highestLevel {
            throw newer(entry.sequence, UInt32(level))
        }
        return replicated
    }

    private func newer(_ sequence: UInt64, _ level: UInt32) -> ReplicaStop {
        .newerLevel(sequence: sequence, level: level, highest: highestLevel)
    }

    /// Waits until little enough is ahead; false when it must begin anew, or end.
    private func waitForRoom(_ byteCount: Int) -> Bool {
        while true {
            let isReady: Bool? = state.withLock { state in
                if state.isStopped || state.hasFailed { return nil }
                return state.bytesAhead == 0
                    || state.bytesAhead + byteCount <= Limits.readAheadBytes
                        && state.messagesAhead < Limits.readAheadMessages
            }
            guard let isReady else { return false }
            if isReady { return true }
            _ = bell.waitForRing(milliseconds: Limits.followPause)
        }
    }

    private func waitUntilApplied() {
        while state.withLock({ $0.messagesAhead > 0 }) {
            _ = bell.waitForRing(milliseconds: Limits.followPause)
        }
    }

    /// What could not be applied is not tried again at once: the engine is asked anew each time.
    private func pauseIfFailed() {
        let end = SystemClock.monotonic.milliseconds + Limits.followPause
        while state.withLock({ $0.hasFailed && !$0.isStopped }) {
            let left = end - SystemClock.monotonic.milliseconds
            if left <= 0 { return }
            _ = bell.waitForRing(milliseconds: left)
        }
    }
}
