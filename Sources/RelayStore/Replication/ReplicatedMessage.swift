import Synchronization

/// A message of a shared log on its way through the writer: its commands, applied as one.
///
/// The message, and what could not be done of it, are its encoding: so the store's own log has it like any
/// other command.
public final class ReplicatedMessage: WriteCommand, @unchecked Sendable {
    // SAFETY: all that changes belongs to the writer's thread, once the message was submitted.
    let sequence: UInt64
    /// When the engine took it, in milliseconds since 1970.
    let engineTime: Int64
    let message: LogMessage
    private let bytes: [UInt8]
    private let sum: UInt64
    private let commands: [any WriteCommand]
    private let outcomes: CommandOutcomes
    /// What commands came to that threw, by their places.
    private var failures: [Int: StoreError] = [:]
    /// Places of commands that are known to come to nothing: those that threw when it was first applied.
    private var skipped: Set<Int>
    private var present = 0
    /// Whether hosts make digests behind it.
    let isMark: Bool
    /// The level that one of its commands raises the log to.
    let raisedLevel: UInt8?
    /// The state behind it, and whether it was not one to be passed over.
    private var applied: Applied?
    private let completion: @Sendable (Result<Applied, StoreError>) -> Void
    /// Whether one before it could not be applied.
    private let isBehindFailure: @Sendable () -> Bool

    /// What came of a message.
    struct Applied {
        let state: ReplicaState
        /// Whether its commands were applied, and why not.
        let admission: ReplicaSession.Admission
        /// Whether it was a mark: its commit has nothing else in it.
        let isMark: Bool
        /// What came of each command.
        let outcomes: [Result<any Sendable, StoreError>]

        /// Whether its commands were applied.
        var isAdmitted: Bool { admission == .admitted }
    }

    init(
        _ entry: SharedLogEntry, _ message: LogMessage, decoder: Replication.Decoder,
        skipping skipped: Set<Int> = [],
        isBehindFailure: @escaping @Sendable () -> Bool = { false },
        completion: @escaping @Sendable (Result<Applied, StoreError>) -> Void
    ) throws(ReplicaStop) {
        (sequence, engineTime, bytes) = (entry.sequence, entry.time, entry.message)
        (self.message, self.skipped, self.completion) = (message, skipped, completion)
        self.isBehindFailure = isBehindFailure
        sum = ReplicaState.sum(entry.message)
        let outcomes = CommandOutcomes(message.count)
        self.outcomes = outcomes
        do {
            var commands: [any WriteCommand] = []
            commands.reserveCapacity(message.count)
            let encodings = message.kind == .commands ? try message.encodings() : []
            isMark = encodings.contains { $0.first == MarkLog.kind.rawValue }
            raisedLevel =
                try encodings
                .filter { $0.first == RaiseLevel.kind.rawValue }
                .map { try RaiseLevel(encoding: $0, in: ()).level }.max()
            for (place, encoding) in encodings.enumerated() {
                commands.append(try decoder(encoding) { outcomes.note($0, of: place) })
            }
            self.commands = commands
        } catch {
            throw .unreadable(sequence: entry.sequence, why: "\(error)")
        }
    }

    /// Bytes of the message.
    public var byteCount: Int { bytes.count }

    /// What was read behind a message that could not be applied is read again with it.
    public var refusal: StoreError? {
        guard isBehindFailure() else { return nil }
        return .replica(.unavailable(why: "a message before it could not be applied"))
    }

    /// Applies what is not skipped, and goes on to the message.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        var state = try transaction.requireReplica()
        if message.kind == .beginning { return try goOn(&transaction) }
        guard sequence == state.sequence + 1 else {
            throw .replica(.gap(applied: state.sequence, next: sequence))
        }
        // What is accepted once is applied everywhere: the sender has asked for room.
        transaction.hasAllRoom()
        let time = state.time(of: message, at: engineTime)
        let admission = try transaction.admit(message, at: time)
        let isAdmitted = admission == .admitted
        var results: [UInt64] = []
        if isAdmitted {
            transaction.session = message.session
            defer { transaction.session = nil }
            for (place, command) in commands.enumerated() {
                if !skipped.contains(place) {
                    present = place
                    transaction.begin(at: CommandTime(clock: time, lived: time))
                    try command.apply(to: &transaction)
                }
                results.append(skipped.contains(place) ? 1 : 0)
                results.append(transaction.sequence)
            }
        }
        state = try transaction.requireReplica()
        state.advance(to: sequence, messageSum: sum, time: time, outcomes: results)
        transaction.keep(replica: state)
        applied = Applied(
            state: state, admission: admission, isMark: isMark && isAdmitted, outcomes: [])
    }

    /// The first message of a log that takes the place of the one before.
    private func goOn(_ transaction: inout StoreTransaction) throws(StoreError) {
        guard let found = LogBeginning(message), sequence == 1 else {
            throw .replica(.otherBeginning)
        }
        let entry = SharedLogEntry(sequence: sequence, time: engineTime, message: bytes)
        try transaction.goOn(found, entry)
        applied = Applied(
            state: try transaction.requireReplica(), admission: .admitted, isMark: false,
            outcomes: [])
    }

    /// A command that cannot be done is left out, on all hosts alike. What the disk or the map refuses is
    /// tried again by who reads the log.
    public func isAppliedAgain(after error: StoreError) -> Bool {
        guard error.isOutcome else { return false }
        skipped.insert(present)
        failures[present] = error
        return true
    }

    /// Completes its commands, and hands on what came of them.
    public func complete(_ result: Result<Void, StoreError>) {
        switch result {
        case .success:
            guard let applied else {
                preconditionFailure("a message is complete before it is applied")
            }
            if applied.isAdmitted {
                for (place, command) in commands.enumerated() {
                    command.complete(failures[place].map { .failure($0) } ?? .success(()))
                }
            }
            completion(
                .success(
                    Applied(
                        state: applied.state, admission: applied.admission,
                        isMark: applied.isMark, outcomes: outcomes.all)))
        case .failure(let error): completion(.failure(error))
        }
    }

    // MARK: Bytes

    /// sequence u64, engine's time i64, places that are skipped u64 each, message.
    public func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) {
        var writer = CommandWriter(.replicate)
        writer.word(sequence)
        writer.word(engineTime)
        writer.words(skipped.sorted().map { UInt64($0) })
        writer.bytes(bytes)
        // SAFETY: the array's own bytes, during the call.
        writer.bytes.withUnsafeBytes(body)
    }

    /// Makes one of its encoding, to apply it once more.
    public convenience init(
        encoding: [UInt8], decoder: Replication.Decoder
    ) throws(CommandFault) {
        var reader = try CommandReader(encoding)
        guard reader.kind == .replicate else { throw .malformed(reader.kind) }
        let (sequence, time) = (try reader.word(), try reader.signedWord())
        let skipped = Set(try reader.words().map { Int(truncatingIfNeeded: $0) })
        let entry = SharedLogEntry(
            sequence: sequence, time: time, message: try reader.bytes())
        try reader.end()
        do {
            try self.init(
                entry, try LogMessage(entry.message), decoder: decoder, skipping: skipped
            ) { _ in }
        } catch LogMessageFault.newerLevel(let level) {
            throw .newerLevel(level)
        } catch {
            throw .malformed(.replicate)
        }
    }
}

/// What the commands of a message came to.
private final class CommandOutcomes: Sendable {
    private let results: Mutex<[Result<any Sendable, StoreError>]>

    init(_ count: Int) {
        results = Mutex(Array(repeating: .failure(.replica(.outcomeUnknown)), count: count))
    }

    func note(_ result: Result<any Sendable, StoreError>, of place: Int) {
        results.withLock { $0[place] = result }
    }

    var all: [Result<any Sendable, StoreError>] { results.withLock { $0 } }
}
