import LMDB

/// The named databases of a store. FORMAT.md says what is in each.
struct Databases: Sendable {
    let documents: IntegerDatabase
    let listNodes: IntegerDatabase
    let counters: IntegerDatabase
    let changes: IntegerDatabase
    let blobs: IntegerDatabase
    let chunks: IntegerDatabase
    let uploads: IntegerDatabase
    let lists: BytesDatabase
    let uniqueIndex: BytesDatabase
    let apiKeys: BytesDatabase
    let coveringIndexes: BytesDatabase
    let meta: BytesDatabase
    let idempotency: BytesDatabase

    static let schema = Schema(
        integer: [
            "documents", "blocks", "counters", "changes", "contents", "chunks", "uploads",
        ],
        bytes: ["lists", "lookups", "copies", "keys", "meta", "idempotency"])

    init(_ environment: Environment) throws(LMDBError) {
        documents = try environment.integerDatabase("documents")
        listNodes = try environment.integerDatabase("blocks")
        counters = try environment.integerDatabase("counters")
        changes = try environment.integerDatabase("changes")
        blobs = try environment.integerDatabase("contents")
        chunks = try environment.integerDatabase("chunks")
        uploads = try environment.integerDatabase("uploads")
        lists = try environment.bytesDatabase("lists")
        uniqueIndex = try environment.bytesDatabase("lookups")
        coveringIndexes = try environment.bytesDatabase("copies")
        apiKeys = try environment.bytesDatabase("keys")
        meta = try environment.bytesDatabase("meta")
        idempotency = try environment.bytesDatabase("idempotency")
    }
}
