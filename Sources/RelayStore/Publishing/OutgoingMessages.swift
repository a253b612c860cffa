/// What a host has to send to a shared log, and what of it has not come back: decides what is sent, sent again
/// and given up, and when.
struct OutgoingMessages {
    private let host: HostName
    private let session: SessionID
    private let idleInterval: Int64
    private var waiting: [Waiting] = []
    private var postponed: [(due: Int64, command: any WriteCommand)] = []
    private var underWay: [UInt64: OutgoingMessage] = [:]
    /// Commands and bytes of both.
    private var heldCommands = 0
    private var heldBytes = 0
    /// The first message begins the session: nothing else is sent before it is kept.
    private var nextNumber: UInt64 = 1
    private var hasBegun = false
    /// The log is known to be the store's own.
    private var isOpen = false
    /// Since when the engine has not answered; nil when it has.
    private var awaySince: Int64?
    private var whyAway = "it has not answered"
    /// What it answered last is that it takes nothing.
    private var isDeclining = false
    private var sentAt: Int64 = .min
    private var isStopped = false
    private var stop: ReplicaStop?
    private var figures = LogClientFigures.Publishing()

    /// - Parameter idleInterval: milliseconds between two messages of a host that writes nothing.
    init(
        _ host: HostName, _ session: SessionID, idleInterval: Int64 = Limits.idleInterval
    ) {
        (self.host, self.session, self.idleInterval) = (host, session, idleInterval)
    }

    // MARK: What is submitted

    mutating func submit(_ command: any WriteCommand, evenIfFull: Bool, _ now: Int64) -> Submission
    {
        if isStopped { return .stopped }
        if let stop { return .refused(.stopped(stop)) }
        if isDown(at: now) { return .refused(.unavailable(why: whyAway)) }
        let hasRoom =
            heldCommands < Limits.queuedCommands
            && (heldCommands == 0 || heldBytes + command.byteCount <= Limits.queuedBytes)
        guard hasRoom || evenIfFull else { return .queueFull }
        hold(command, since: now)
        return .accepted
    }

    mutating func submit(_ command: any WriteCommand, at due: Int64) {
        postponed.append((due, command))
    }

    private mutating func hold(_ command: any WriteCommand, since: Int64) {
        waiting.append(Waiting(command: command, since: since))
        heldCommands += 1
        heldBytes += command.byteCount
    }

    func condition(at now: Int64) -> LogCondition {
        guard awaySince != nil else { return .up }
        if isDeclining { return .refusesWrites }
        return isDown(at: now) ? .down : .electing
    }

    /// Whether the engine has taken nothing for so long that new writes are refused at once.
    private func isDown(at now: Int64) -> Bool {
        awaySince.map { now - $0 >= Limits.downAfter } ?? false
    }

    /// What is sent, as far as it is counted.
    func figures(at now: Int64) -> LogClientFigures.Publishing {
        var figures = figures
        figures.condition = condition(at: now)
        figures.whyAway = figures.condition == .up ? nil : whyAway
        figures.refusesWrites = figures.condition == .refusesWrites || isDown(at: now)
        figures.waiting = waiting.count
        figures.underWay = underWay.count
        return figures
    }

    // MARK: What others say

    /// The engine has answered, or its answer has not come.
    ///
    /// - Returns: milliseconds that it took to keep the message.
    mutating func settle(_ number: UInt64, _ outcome: AppendOutcome, _ now: Int64) -> Int64? {
        switch outcome {
        case .kept(let sequence):
            isBack()
            if number == 1 { hasBegun = true }
            guard let message = underWay[number] else { return nil }
            if message.since >= figures.proof?.sentAt ?? .min {
                figures.proof = LogClientFigures.Proof(sentAt: message.since, sequence: sequence)
            }
            underWay[number]?.isKept = true
            // Nobody waits for what comes of it.
            if message.commands.isEmpty { underWay[number] = nil }
            return now - message.since
        case .refused(let why):
            awaySince = awaySince ?? now
            (whyAway, isDeclining) = (why, false)
            underWay[number]?.isOut = false
        case .declined(let why):
            awaySince = awaySince ?? now
            (whyAway, isDeclining) = (why, true)
            underWay[number]?.mayBeKept = true
        case .unknown(let why):
            whyAway = why
            underWay[number]?.mayBeKept = true
        }
        // At once it would be answered at once, ten thousand times a second.
        underWay[number]?.dueAt = now + Limits.refusedPause
        return nil
    }

    /// The engine takes messages.
    private mutating func isBack() { (awaySince, isDeclining) = (nil, false) }

    /// A message was applied here; gives it.
    mutating func applied(_ number: UInt64) -> OutgoingMessage? {
        isBack()
        if number == 1 { hasBegun = true }
        return release(number)
    }

    private mutating func release(_ number: UInt64) -> OutgoingMessage? {
        guard let message = underWay.removeValue(forKey: number) else { return nil }
        heldCommands -= message.commands.count
        heldBytes -= message.heldBytes
        return message
    }

    /// The log goes on where the store ends: it may be written to.
    mutating func open() {
        if isOpen { return }
        isOpen = true
        isBack()
    }

    /// The log may not be the store's own: another host that lags would apply what is written to it.
    mutating func hold() { (isOpen, whyAway) = (false, "it may not be the store's own") }

    /// The store does not go on with its log.
    mutating func refuseAll(_ stop: ReplicaStop) { self.stop = stop }

    /// Nothing more is taken.
    mutating func end() { isStopped = true }

    // MARK: What is to be done

    /// What is to be done now.
    ///
    /// - Parameters:
    ///   - clock: milliseconds since 1970.
    ///   - room: bytes that the store may still take.
    ///   - applied: up to where this host has applied the log.
    mutating func next(
        _ now: Int64, clock: Int64, room: Int, _ applied: ReplicaState?
    ) -> Work {
        var work = Work()
        (work.clock, work.room) = (clock, room)
        if let applied {
            work.base = LogMessage.Base(sequence: applied.sequence, chain: applied.chain)
            work.level = UInt8(clamping: applied.level)
        }
        for entry in postponed where entry.due <= now {
            hold(entry.command, since: now)
        }
        postponed.removeAll { $0.due <= now }
        giveUp(now, &work)
        resend(now, &work)
        send(now, &work)
        work.isOver =
            isStopped && waiting.isEmpty
            && !underWay.values.contains { !$0.commands.isEmpty }
        let isWorking = !underWay.isEmpty || !waiting.isEmpty || awaySince != nil
        work.wait = isWorking ? Limits.refusedPause / 4 : idleInterval / 4
        if let due = postponed.map(\.due).min() { work.wait = min(work.wait, max(0, due - now)) }
        return work
    }

    /// Ends what has had its time.
    private mutating func giveUp(_ now: Int64, _ work: inout Work) {
        let oldest = underWay.values.lazy.filter { !$0.isKept }.map(\.since).min()
        if let oldest, awaySince == nil, now - oldest >= Limits.electingAfter {
            awaySince = oldest
        }
        if !isOpen { awaySince = awaySince ?? now }
        let isDown = isDown(at: now)
        let stop = stop.map { StoreError.replica(.stopped($0)) }
        for (number, message) in underWay {
            // One that is out may be kept by now, though its answer has not come.
            let isNever = !message.isKept && !message.mayBeKept && !message.isOut
            let isLate =
                now - message.since >= Limits.logDeadline || self.stop?.endsSession == true
            guard !message.commands.isEmpty, isLate || isNever && (isDown || stop != nil) else {
                continue
            }
            _ = release(number)
            let error: StoreError =
                isNever
                ? stop ?? .replica(.unavailable(why: whyAway)) : .replica(.outcomeUnknown)
            for command in message.commands { work.ended.append((command, error)) }
        }
        guard !waiting.isEmpty, isDown || stop != nil || awaySince != nil else { return }
        let error = stop ?? .replica(.unavailable(why: whyAway))
        let late = waiting.prefix {
            isDown || stop != nil || now - $0.since >= Limits.downAfter
        }
        for waiting in late {
            heldCommands -= 1
            heldBytes -= waiting.command.byteCount
            work.ended.append((waiting.command, error))
        }
        waiting.removeFirst(late.count)
    }

    private mutating func resend(_ now: Int64, _ work: inout Work) {
        if !isOpen { return }
        for (number, message) in underWay where !message.isKept && message.dueAt <= now {
            // What was sent and not answered may be there.
            underWay[number]?.mayBeKept = message.mayBeKept || message.isOut
            underWay[number]?.isOut = true
            underWay[number]?.dueAt = now + Limits.resendInterval
            figures.resent += 1
            work.messages.append((number, message.bytes))
        }
    }

    private mutating func send(_ now: Int64, _ work: inout Work) {
        if stop != nil || !isOpen { return }
        if nextNumber == 1 { return post([], heldBytes: 0, body: [], now, &work) }
        guard hasBegun else { return }
        // The one that is sent again shows whether the engine takes messages: what waits need not be in doubt.
        if isDeclining, underWay.values.contains(where: { !$0.isKept }) { return }
        while !waiting.isEmpty {
            let unanswered = underWay.filter { !$0.value.isKept }.keys
            guard unanswered.count < Limits.messagesUnderWay,
                nextNumber < (unanswered.min() ?? .max - 100) + Limits.messageWindow
            else { return }
            pack(now, &work)
        }
        // Nothing else would show that the engine is there, or there again.
        let interval = awaySince == nil ? idleInterval : Limits.resendInterval
        if underWay.isEmpty, now - sentAt >= interval, !isStopped {
            post([], heldBytes: 0, body: [], now, &work)
        }
    }

    /// Makes a message of what waits, as much as fits. One that would not fit alone came in chunks.
    private mutating func pack(_ now: Int64, _ work: inout Work) {
        var body: [UInt8] = []
        var commands: [any WriteCommand] = []
        var (taken, bytes) = (0, 0)
        let most = Limits.messageBytes - LogMessage.headBytes(host)
        body.reserveCapacity(min(most, heldBytes + LogMessage.byteCount(0) * waiting.count))
        for waiting in waiting {
            let command = waiting.command
            let before = body.count
            if command.needsRoom, command.byteCount > work.room {
                work.ended.append((command, .storeFull))
                heldCommands -= 1
                heldBytes -= command.byteCount
            } else {
                command.withEncoding { LogMessage.append($0, to: &body) }
                if !commands.isEmpty, body.count > most || commands.count == Limits.messageCommands
                {
                    body.removeLast(body.count - before)
                    break
                }
                commands.append(command)
                bytes += command.byteCount
            }
            taken += 1
        }
        waiting.removeFirst(taken)
        if !commands.isEmpty { post(commands, heldBytes: bytes, body: body, now, &work) }
    }

    private mutating func post(
        _ commands: [any WriteCommand], heldBytes: Int, body: [UInt8],
        _ now: Int64, _ work: inout Work
    ) {
        let number = nextNumber
        nextNumber += 1
        let message = LogMessage(
            level: work.level, session: session, number: number, sent: work.clock, base: work.base,
            host: host,
            count: commands.count, body: body[...])
        let bytes = message.bytes
        underWay[number] = OutgoingMessage(
            bytes: bytes, commands: commands, heldBytes: heldBytes, since: now,
            dueAt: now + Limits.resendInterval)
        sentAt = now
        figures.sent += 1
        figures.sentBytes += UInt64(bytes.count)
        work.messages.append((number, bytes))
    }
}
