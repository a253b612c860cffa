/// Removes uploads in bounded slices.
struct RemoveUploads: StoreCommand {
    static let kind = CommandKind.removeUploads
    let needsRoom = false
    private let ids: [UInt64]

    init(_ ids: [UInt64]) { self.ids = ids }

    func write(to writer: inout CommandWriter) { writer.words(ids) }

    init(_ reader: inout CommandReader, in context: Void) throws(CommandFault) {
        ids = try reader.words()
        guard ids.allSatisfy(BlobID.isValid) else { throw .malformed(Self.kind) }
    }

    /// Removes a slice of them; says whether all are gone.
    func apply(to transaction: inout StoreTransaction) throws(StoreError) -> Bool {
        var budget = Limits.removedChunks
        for id in ids {
            guard try transaction.removeUpload(id, &budget) else { return false }
        }
        return true
    }
}
