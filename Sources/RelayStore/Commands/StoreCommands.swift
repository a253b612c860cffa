/// Commands that the store carries out by itself.
public enum StoreCommands {
    /// Makes a command of its encoding; nil when it is of a kind that another module carries out.
    ///
    /// - Parameter completion: told what came of it, whatever its type.
    public static func pending(
        _ encoding: [UInt8], _ kind: CommandKind,
        completion: @escaping @Sendable (Result<any Sendable, StoreError>) -> Void
    ) throws(CommandFault) -> (any WriteCommand)? {
        func make<Command: StoreCommand>(
            _ type: Command.Type
        ) throws(CommandFault) -> any WriteCommand where Command.Context == Void {
            try PendingCommand<Command>.reading(encoding, in: (), completion: completion)
        }
        switch kind {
        case .changeRecords, .load, .replicate, .uploaded: return nil
        case .putChunk: return try make(PutChunk.self)
        case .removeUploads: return try make(RemoveUploads.self)
        case .createKey: return try make(CreateKey.self)
        case .revokeKey: return try make(RevokeKey.self)
        case .limitKey: return try make(LimitKey.self)
        case .noteKeyUse: return try make(NoteKeyUse.self)
        case .setQuota: return try make(SetQuota.self)
        case .raiseLevel: return try make(RaiseLevel.self)
        case .markLog: return try make(MarkLog.self)
        }
    }
}

extension PendingCommand {
    /// Makes one of a command that was encoded, or says why that cannot be read.
    public static func reading(
        _ encoding: [UInt8], in context: Command.Context,
        completion: @escaping @Sendable (Result<any Sendable, StoreError>) -> Void
    ) throws(CommandFault) -> PendingCommand {
        let command = PendingCommand(encoding: encoding, in: context) { result in
            completion(result.map { $0 })
        }
        if let fault = command.fault { throw fault }
        return command
    }
}
