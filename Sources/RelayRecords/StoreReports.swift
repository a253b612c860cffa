import JSON
import RelayStore

// What the admin socket and relayctl say about a store: written once, so that both say the same.

extension APIKeyRecord {
    /// Members `id`, `account`, `label` (if any) and `createdAt`.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("account", UInt64(account))
        if !label.isEmpty { writer.member("label", label) }
        writer.member("createdAt", Timestamp(milliseconds: created))
    }
}

extension NewAPIKey {
    /// Member `key`, which is shown this once, and those of its record.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("key", text)
        record.writeMembers(to: &writer)
    }
}

extension Sequence<APIKeyRecord> {
    /// Member `keys`: one object for each.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.name("keys")
        writer.beginArray()
        for key in self {
            writer.beginObject()
            key.writeMembers(to: &writer)
            writer.endObject()
        }
        writer.endArray()
    }
}

extension Store {
    /// Members on epoch, sizes in bytes, newest change and each named database.
    public func writeStatistics(to writer: inout JSONWriter) throws(StoreError) {
        let statistics = try statistics()
        // Text, because it has 64 bits and JSON's readers have 53.
        writer.member("epoch", String(metadata.epoch, radix: 16))
        writer.member("createdAt", Timestamp(milliseconds: metadata.created))
        writer.member("sequence", statistics.sequence)
        writer.member("usedBytes", statistics.environment.usedBytes)
        writer.member("freeBytes", statistics.freeBytes)
        writer.member("mapBytes", statistics.environment.mapBytes)
        writer.name("databases")
        writer.beginArray()
        for database in statistics.databases {
            let pages = database.statistics
            writer.beginObject()
            writer.member("name", database.name)
            writer.member("entries", pages.entries)
            writer.member("pages", pages.branchPages + pages.leafPages + pages.overflowPages)
            writer.member("depth", Int(pages.depth))
            writer.endObject()
        }
        writer.endArray()
    }
}
