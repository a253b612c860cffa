/// Notes that API keys were used on a day.
public struct NoteKeyUse: StoreCommand {
    /// The kind of command.
    public static let kind = CommandKind.noteKeyUse
    private let ids: [UInt64]
    private let day: Int64

    /// Asks for it. The day is counted from 1970 on.
    public init(of ids: [UInt64], day: Int64) {
        self.ids = ids
        self.day = day
    }

    /// Writes it.
    public func write(to writer: inout CommandWriter) {
        writer.word(day)
        writer.words(ids)
    }

    /// Reads it.
    public init(_ reader: inout CommandReader, in context: Void) throws(CommandFault) {
        day = try reader.signedWord()
        ids = try reader.words()
    }

    /// Notes it.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        try transaction.noteUse(of: ids, day: day)
    }
}
