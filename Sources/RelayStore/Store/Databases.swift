import LMDB

/// The named databases of a store. FORMAT.md says what is in each.
struct Databases: Sendable {
    let documents: IntegerDatabase
    let blocks: IntegerDatabase
    let counters: IntegerDatabase
    let changes: IntegerDatabase
    let contents: IntegerDatabase
    let chunks: IntegerDatabase
    let uploads: IntegerDatabase
    let lists: BytesDatabase
    let lookups: BytesDatabase
    let keys: BytesDatabase
    let copies: BytesDatabase
    let meta: BytesDatabase
    let idempotency: BytesDatabase

    static let schema = Schema(
        integer: [
            "documents", "blocks", "counters", "changes", "contents", "chunks", "uploads",
        ],
        bytes: ["lists", "lookups", "copies", "keys", "meta", "idempotency"])

    init(_ environment: Environment) throws(LMDBError) {
        documents = try environment.integerDatabase("documents")
        blocks = try environment.integerDatabase("blocks")
        counters = try environment.integerDatabase("counters")
        changes = try environment.integerDatabase("changes")
        contents = try environment.integerDatabase("contents")
        chunks = try environment.integerDatabase("chunks")
        uploads = try environment.integerDatabase("uploads")
        lists = try environment.bytesDatabase("lists")
        lookups = try environment.bytesDatabase("lookups")
        copies = try environment.bytesDatabase("copies")
        keys = try environment.bytesDatabase("keys")
        meta = try environment.bytesDatabase("meta")
        idempotency = try environment.bytesDatabase("idempotency")
    }
}
