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

    /// Whether it may be refused for lack of room: false of what deletes.
    var needsRoom: Bool { get }

    /// Whether what is read holds the encoding's own memory, so that to keep the encoding costs nothing.
    static var holdsEncoding: Bool { get }

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

    /// Most commands add something.
    public var needsRoom: Bool { true }

    /// Most commands are made of what is read.
    public static var holdsEncoding: Bool { false }

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
    // SAFETY: once the writer has it, `command`, `outcome` and `encoding` belong to the writer's thread.
    private var command: Held<Command>?
    private var outcome: Held<Command.Outcome>?
    private let completion: @Sendable (Result<Command.Outcome, StoreError>) -> Void
    /// The encoding, if it is short or held anyway.
    private var encoding: [UInt8]?

    /// A value behind a reference. An optional of a type that is only known at run time costs a search
    /// for its metadata each time it is touched; one of a reference costs nothing.
    private final class Held<Value> {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

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
        let isKept = Command.holdsEncoding || encoding.count <= Limits.keptEncodingBytes
        self.encoding = isKept ? encoding : nil
        self.completion = completion
        do throws(CommandFault) {
            let command = try Command(encoding: encoding, in: context)
            (isDryRun, needsRoom) = (command.isDryRun, command.needsRoom)
            fault = nil
            self.command = Held(command)
        } catch {
            (isDryRun, needsRoom) = (false, false)
            fault = error
        }
    }

    /// Whether the change is only tried out.
    public let isDryRun: Bool

    /// Whether it may be refused for lack of room.
    public let needsRoom: Bool

    /// Why the encoding cannot be read; nil when it can.
    public let fault: CommandFault?

    /// Bytes of the encoding: what the writer's queue is bounded by.
    public let byteCount: Int

    /// Hands the encoding on. A long one is made anew, for it would lie beside all that was read from
    /// it. What cannot be read has been refused, and has none.
    public func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) {
        guard let command else { return }
        // SAFETY: the array's own bytes, during the call.
        (encoding ?? command.value.encoding).withUnsafeBytes(body)
    }

    /// Applies the command; a refusal is an outcome too.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        if let fault { throw .unreadable(fault) }
        guard let command else { preconditionFailure("a command is applied before it is complete") }
        outcome = Held(try command.value.apply(to: &transaction))
    }

    /// Hands the outcome on. What was asked for is given up before: whoever is told gives back what
    /// memory is free by then.
    public func complete(_ result: Result<Void, StoreError>) {
        (command, encoding) = (nil, nil)
        switch result {
        case .success:
            guard let outcome else {
                preconditionFailure("a command is applied before it is complete")
            }
            completion(.success(outcome.value))
        case .failure(let error): completion(.failure(error))
        }
    }

    /// Hands on what came of the same command, read back from a log.
    public func complete(applied outcome: Result<any Sendable, StoreError>) {
        (command, encoding) = (nil, nil)
        completion(
            outcome.map { outcome in
                guard let outcome = outcome as? Command.Outcome else {
                    preconditionFailure("a command was read back as one of another kind")
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
