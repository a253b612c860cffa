import JSON
import RelayStore

/// Makes commands of any kind of their encodings. One for a thread.
public final class CommandDecoder {
    private let changes: RecordCommand.Context
    private let loads: LoadCommand.Context
    private let applier: RecordApplier
    /// What decodes commands that are read on the writer's thread.
    private lazy var late = CommandDecoder(applier)

    /// - Parameter applier: what applies the commands, on the writer's thread.
    public init(_ applier: RecordApplier) {
        changes = RecordCommand.Context(JSONParser(), applier)
        loads = .applying(DumpReader(), applier)
        self.applier = applier
    }

    /// A command that does what the one did whose encoding this is.
    ///
    /// - Parameter completion: told what came of it, whatever its type.
    public func pending(
        _ encoding: [UInt8],
        completion: @escaping @Sendable (Result<any Sendable, StoreError>) -> Void
    ) throws(CommandFault) -> any WriteCommand {
        let kind = try CommandReader(encoding).kind
        if kind == .replicate {
            return try ReplicatedMessage(encoding: encoding, decoder: single)
        }
        return try single(encoding, completion)
    }

    /// A command that is not itself made of commands, as messages of a shared log have them.
    func single(
        _ encoding: [UInt8],
        _ completion: @escaping @Sendable (Result<any Sendable, StoreError>) -> Void
    ) throws(CommandFault) -> any WriteCommand {
        let kind = try CommandReader(encoding).kind
        if kind == .uploaded {
            let late = late
            return try UploadedCommand(
                encoding: encoding,
                decoder: { (encoding, completion) throws(CommandFault) in
                    // Not one that was uploaded once more.
                    let kind = try CommandReader(encoding).kind
                    guard kind != .uploaded else { throw .malformed(kind) }
                    return try late.single(encoding, completion)
                }, completion: completion)
        }
        if let command = try StoreCommands.pending(encoding, kind, completion: completion) {
            return command
        }
        if kind == .load {
            return try PendingCommand<LoadCommand>.reading(
                encoding, in: loads, completion: completion)
        }
        guard kind == .changeRecords else { throw .malformed(kind) }
        return try PendingCommand<RecordCommand>.reading(
            encoding, in: changes, completion: completion)
    }
}
