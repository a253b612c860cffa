/// What is asked of the store, as data: apart from who asked and waits for the outcome.
///
/// A command says all that its outcome depends on besides the store and its `CommandTime`: what is
/// random was drawn before, and no clock is read. So the same commands at the same times, in the same
/// order, give equal stores and equal outcomes, in whatever groups and in whatever process.
public protocol StoreCommand: Sendable {
    /// What comes of it.
    associatedtype Outcome: Sendable
    /// What it takes to read one.
    associatedtype Context = Void

    /// The kind, which no other type has.
    static var kind: CommandKind { get }

    /// Whether the change is only tried out.
    var isDryRun: Bool { get }

    /// Writes what `init` reads.
    func write(to writer: inout CommandWriter)

    /// Reads what `write` wrote.
    init(_ reader: inout CommandReader, in context: Context) throws(CommandFault)

    /// Checks everything, then changes the store: see `WriteCommand.apply`.
    func apply(to transaction: inout StoreTransaction) throws(StoreError) -> Outcome
}

extension StoreCommand {
    /// Most commands are meant.
    public var isDryRun: Bool { false }

    /// The command as bytes: kind u8, 0 (7), and what `write` writes.
    public var encoding: [UInt8] {
        var writer = CommandWriter(Self.kind)
        write(to: &writer)
        return writer.bytes
    }

    /// Reads `encoding` back, all of it.
    public init(encoding: [UInt8], in context: Context) throws(CommandFault) {
        var reader = try CommandReader(encoding)
        guard reader.kind == Self.kind else { throw .malformed(reader.kind) }
        try self.init(&reader, in: context)
        try reader.end()
    }
}

/// A command on its way through the writer, and who waits for what comes of it.
///
/// What is applied is what its encoding was read back as: a mistake in that shows at once, and not when
/// the command is needed again.
public final class PendingCommand<Command: StoreCommand>: WriteCommand, @unchecked Sendable {
    // SAFETY: once the writer has it, `command` and `outcome` belong to the writer's thread.
    private var command: Result<Command, CommandFault>?
    private let completion: @Sendable (Result<Command.Outcome, StoreError>) -> Void
    private var outcome: Command.Outcome?

    /// Makes one of a command that is asked for.
    ///
    /// - Parameter completion: called on the writer's thread, once the outcome is durable.
    public convenience init(
        _ command: Command, in context: Command.Context,
        completion: @escaping @Sendable (Result<Command.Outcome, StoreError>) -> Void
    ) {
        self.init(encoding: command.encoding, in: context, completion: completion)
    }

    /// Makes one of a command that was encoded.
    public init(
        encoding: [UInt8], in context: Command.Context,
        completion: @escaping @Sendable (Result<Command.Outcome, StoreError>) -> Void
    ) {
        byteCount = encoding.count
        self.completion = completion
        command = Result { () throws(CommandFault) in
            try Command(encoding: encoding, in: context)
        }
    }

    /// Whether the change is only tried out.
    public var isDryRun: Bool {
        if case .success(let command)? = command { command.isDryRun } else { false }
    }

    /// Why the encoding cannot be read; nil when it can.
    public var fault: CommandFault? {
        if case .failure(let fault)? = command { fault } else { nil }
    }

    /// Bytes of the encoding: what the writer's queue is bounded by.
    public let byteCount: Int

    /// Hands the encoding on. It is made anew, for it would lie beside all that was read from it. What
    /// cannot be read has been refused, and has none.
    public func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) {
        guard case .success(let command)? = command else { return }
        // SAFETY: the array's own bytes, during the call.
        command.encoding.withUnsafeBytes(body)
    }

    /// Applies the command; a refusal is an outcome too.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        switch command {
        case .success(let command)?: outcome = try command.apply(to: &transaction)
        case .failure(let fault)?: throw .unreadable(fault)
        case nil: preconditionFailure("a command is applied before it is complete")
        }
    }

    /// Hands the outcome on. What was asked for is given up before: whoever is told gives back what
    /// memory is free by then.
    public func complete(_ result: Result<Void, StoreError>) {
        command = nil
        completion(
            result.map {
                guard let outcome else {
                    preconditionFailure("a command is applied before it is complete")
                }
                return outcome
            })
    }
}

extension PendingCommand where Command.Context == Void {
    /// Makes one that takes nothing to be read.
    public convenience init(
        _ command: Command,
        completion: @escaping @Sendable (Result<Command.Outcome, StoreError>) -> Void
    ) {
        self.init(command, in: (), completion: completion)
    }
}
