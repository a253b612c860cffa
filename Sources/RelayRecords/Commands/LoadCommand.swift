import JSON
import RelayStore

/// Lines of a dump that are to be loaded. The command holds them as they came.
public struct LoadCommand: StoreCommand {
    /// The kind of command.
    public static let kind = CommandKind.load
    /// The lines are all of it.
    public static let holdsEncoding = true
    private let lines: ArraySlice<UInt8>
    /// What ids of files are derived from.
    private let blobSeed: UInt64
    private let batches: [LoadBatch]
    private let faults: [LoadFault]
    private let applier: RecordApplier?

    /// What it takes to read one.
    public enum Context {
        /// Reads its lines with the one, on the thread that reads the command, and applies them with the
        /// other, on the writer's.
        case applying(DumpReader, RecordApplier)
        /// Holds the lines only: the command goes to a log, and what comes back from there is applied.
        case sending
    }

    /// Asks for it.
    ///
    /// - Parameter blobSeed: what ids of files are derived from; drawn unless given.
    public init(
        _ lines: UnsafeRawBufferPointer, blobSeed: UInt64 = .random(in: .min ... .max)
    ) {
        self.lines = Array(lines)[...]
        self.blobSeed = blobSeed
        batches = []
        faults = []
        applier = nil
    }

    /// Writes seed and lines.
    public func write(to writer: inout CommandWriter) {
        writer.word(blobSeed)
        writer.bytes(lines)
    }

    /// Reads the lines, and makes what of a load can be made ahead.
    public init(_ reader: inout CommandReader, in context: Context) throws(CommandFault) {
        blobSeed = try reader.word()
        lines = try reader.heldBytes()
        guard case .applying(let dumpReader, let applier) = context else {
            (batches, faults, self.applier) = ([], [], nil)
            return
        }
        // SAFETY: the encoding's bytes, during the call.
        let reading = lines.withUnsafeBytes { dumpReader.read($0) }
        var batches = reading.batches
        for index in batches.indices {
            batches[index].blobSeed = blobSeed
            batches[index].prepare()
        }
        self.batches = batches
        faults = reading.faults
        self.applier = applier
    }

    /// Loads what can be.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) -> LoadOutcome {
        guard let applier else { preconditionFailure("a command is read before it is applied") }
        var outcome = try applier.load(batches, to: &transaction)
        outcome.faults += faults
        return outcome
    }
}

extension RecordApplier {
    /// Loads batches, each as a change of its own, which can be applied again.
    public func load(
        _ batches: [LoadBatch], to transaction: inout StoreTransaction
    ) throws(StoreError) -> LoadOutcome {
        let time = try stamp(&transaction)
        var outcome = LoadOutcome()
        for batch in batches {
            outcome.add(try load(batch, time: time, to: &transaction))
        }
        return outcome
    }
}
