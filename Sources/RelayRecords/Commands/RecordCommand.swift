import CivilTime
import JSON
import RelayContract
import RelayStore

/// A change of records that an account asks for, with all that decides about it.
public struct RecordCommand: StoreCommand {
    /// The kind of command.
    public static let kind = CommandKind.changeRecords
    private let change: any RecordChange
    private let account: UInt32
    private let target: TargetPrecondition?
    private let request: IdempotentRequest?
    /// Whether it is a dry run.
    public let isDryRun: Bool
    /// Whether it may be refused for lack of room.
    public var needsRoom: Bool { change.kind.adds }
    /// The change's payload as it was read; nil before that.
    private let payload: [UInt8]?
    private let applier: RecordApplier?

    /// What it takes to read one.
    public struct Context {
        /// Reads payloads, on the thread that reads the command.
        public let parser: JSONParser
        /// Applies changes, on the writer's thread.
        public let applier: RecordApplier

        /// Reads with the one and applies with the other.
        public init(_ parser: JSONParser, _ applier: RecordApplier) {
            (self.parser, self.applier) = (parser, applier)
        }
    }

    /// Asks for a change.
    ///
    /// - Parameters:
    ///   - target: what a POST asks of what is at its path.
    ///   - isDryRun: a dry run: everything is checked and answered, nothing is kept.
    ///   - request: what a second request under the same key is told apart by; a dry run is
    ///     answered from what is remembered, but not remembered itself.
    public init(
        _ change: any RecordChange, account: UInt32, target: TargetPrecondition? = nil,
        isDryRun: Bool = false, request: IdempotentRequest? = nil
    ) {
        precondition(account > 0 && account < RelayStore.Limits.accounts)
        self.change = change
        self.account = account
        self.target = target
        self.isDryRun = isDryRun
        self.request = request
        payload = nil
        applier = nil
    }

    /// Applies the change; a refusal is an answer too.
    public func apply(
        to transaction: inout StoreTransaction
    ) throws(StoreError) -> RecordAnswer {
        guard let applier else { preconditionFailure("a command is read before it is applied") }
        let time = try applier.stamp(&transaction)
        let before = transaction.sequence
        let age = transaction.livedTime
        if let request,
            var answer = try transaction.recall(request, account: account, now: age)
        {
            answer.sequence = before
            return answer
        }
        // Cheaper than to find out afterwards, which takes the command out of its group.
        let use = try transaction.use(of: account)
        if let use, use.isUsedUp, change.kind.adds {
            var answer = RecordAnswer(Problem(quota: use))
            answer.sequence = before
            return answer
        }
        var answer = try applier.apply(
            change, payload: payload, account: account, time: time,
            present: Timestamp(milliseconds: transaction.clockTime), target: target,
            to: &transaction)
        if answer.problem == nil { try transaction.requireQuota(since: use) }
        if isDryRun { answer = applier.asDryRun(answer) }
        answer.sequence = isDryRun ? before : transaction.sequence
        // A refusal changed nothing: the same request may be right later.
        if let request, answer.problem == nil, !isDryRun {
            try transaction.remember(answer, to: request, account: account, now: age)
        }
        return answer
    }
}

extension RecordCommand {
    /// A command of this on its way through the writer.
    ///
    /// - Parameter completion: called on the writer's thread, once the answer is durable.
    public func pending(
        _ context: Context,
        completion: @escaping @Sendable (Result<RecordAnswer, StoreError>) -> Void
    ) -> PendingCommand<RecordCommand> {
        PendingCommand(self, in: context, completion: completion)
    }
}

// MARK: Bytes

extension RecordCommand {
    /// What a command has besides a change.
    private struct Parts: OptionSet {
        let rawValue: UInt8
        static let dryRun = Parts(rawValue: 1)
        static let precondition = Parts(rawValue: 2)
        static let target = Parts(rawValue: 4)
        static let request = Parts(rawValue: 8)
        static let all: Parts = [.dryRun, .precondition, .target, .request]
    }

    private var parts: Parts {
        var parts: Parts = isDryRun ? .dryRun : []
        if change.precondition != .none { parts.insert(.precondition) }
        if target != nil { parts.insert(.target) }
        if request != nil { parts.insert(.request) }
        return parts
    }

    /// Writes it: account u32, kind of change u8, parts u8, those parts, and the change's payload.
    public func write(to writer: inout CommandWriter) {
        let parts = parts
        writer.uint32(account)
        writer.byte(change.kind.rawValue)
        writer.byte(parts.rawValue)
        if parts.contains(.precondition) { change.precondition.write(to: &writer) }
        target?.write(to: &writer)
        if let request {
            writer.bytes(request.key)
            writer.bytes(request.fingerprint)
        }
        writer.bytes(payload ?? change.payload)
    }

    /// Reads it.
    public init(_ reader: inout CommandReader, in context: Context) throws(CommandFault) {
        account = try reader.uint32()
        let number = try reader.byte()
        let parts = Parts(rawValue: try reader.byte())
        guard account > 0, account < RelayStore.Limits.accounts, parts.isSubset(of: .all),
            let kind = ChangeKind(rawValue: number)
        else { throw .malformed(Self.kind) }
        let precondition =
            parts.contains(.precondition)
            ? try RecordPrecondition(&reader) : RecordPrecondition.none
        target = parts.contains(.target) ? try TargetPrecondition(&reader) : nil
        request =
            parts.contains(.request)
            ? IdempotentRequest(key: try reader.bytes(), fingerprint: try reader.bytes()) : nil
        isDryRun = parts.contains(.dryRun)
        let payload = try reader.bytes()
        // SAFETY: the array's own bytes, read during the call.
        let read = payload.withUnsafeBytes {
            kind.type.init(payload: $0, parser: context.parser)
        }
        guard var change = read else { throw .malformed(Self.kind) }
        if parts.contains(.precondition) {
            change.precondition = precondition
            guard change.precondition == precondition else { throw .malformed(Self.kind) }
        }
        self.change = change
        self.payload = payload
        applier = context.applier
    }
}

extension RecordPrecondition {
    /// Of If-Match and of If-None-Match: 0 nothing, 1 any, 2 versions and those.
    fileprivate func write(to writer: inout CommandWriter) {
        for tags in [ifMatch, ifNoneMatch] {
            switch tags {
            case nil: writer.byte(0)
            case .any: writer.byte(1)
            case .versions(let versions):
                writer.byte(2)
                writer.words(versions)
            }
        }
    }

    fileprivate init(_ reader: inout CommandReader) throws(CommandFault) {
        let ifMatch = try Self.tags(&reader)
        self.init(ifMatch: ifMatch, ifNoneMatch: try Self.tags(&reader))
    }

    private static func tags(_ reader: inout CommandReader) throws(CommandFault) -> Tags? {
        switch try reader.byte() {
        case 0: return nil
        case 1: return .any
        case 2: return .versions(try reader.words())
        default: throw .malformed(reader.kind)
        }
    }
}

extension TargetPrecondition {
    /// The precondition, and of what: 0 a list and its kind of record u8, 1 a part, 2 nothing.
    fileprivate func write(to writer: inout CommandWriter) {
        precondition.write(to: &writer)
        switch target {
        case .list(let resource):
            writer.byte(0)
            writer.byte(resource.rawValue)
        case .part: writer.byte(1)
        case .nothing: writer.byte(2)
        }
    }

    fileprivate init(_ reader: inout CommandReader) throws(CommandFault) {
        let precondition = try RecordPrecondition(&reader)
        switch try reader.byte() {
        case 0:
            guard let resource = Resource(rawValue: try reader.byte()) else {
                throw .malformed(reader.kind)
            }
            self.init(precondition, of: .list(resource))
        case 1: self.init(precondition, of: .part)
        case 2: self.init(precondition, of: .nothing)
        default: throw .malformed(reader.kind)
        }
    }
}
