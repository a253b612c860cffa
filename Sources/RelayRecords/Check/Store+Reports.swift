import CivilTime
import JSON
import RelayStore

// What the admin socket and relayctl say about a store: written once, so that both say the same.

extension APIKeyRecord {
    /// Members `id`, `account`, `label` (if any), `createdAt`, `expiresAt` (if it ends), `lastUsed`, a
    /// date in UTC (if it was used), and `rate`, `writeRate`, `uploads` (if they are limited).
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("account", UInt64(account))
        if !label.isEmpty { writer.member("label", label) }
        writer.member("createdAt", Timestamp(milliseconds: created))
        if let expires { writer.member("expiresAt", Timestamp(milliseconds: expires)) }
        if let lastUsedDay {
            let day = Timestamp(milliseconds: lastUsedDay * 86_400_000)
            writer.member("lastUsed", String("\(day)".prefix(10)))
        }
        if let rate = limits?.requests { writer.member("rate", "\(rate)") }
        if let rate = limits?.writes { writer.member("writeRate", "\(rate)") }
        if let uploads = limits?.uploads { writer.member("uploads", UInt64(uploads)) }
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
    ///
    /// - Parameter more: writes further members of a key.
    public func writeMembers(
        to writer: inout JSONWriter,
        _ more: (APIKeyRecord, inout JSONWriter) -> Void = { _, _ in }
    ) {
        writer.name("keys")
        writer.beginArray()
        for key in self {
            writer.beginObject()
            key.writeMembers(to: &writer)
            more(key, &writer)
            writer.endObject()
        }
        writer.endArray()
    }
}

extension AccountUse {
    /// Members `account`, `quotaBytes` (if there is one), `usedBytes`, and what of it are `documentBytes`
    /// and `fileBytes`.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("account", UInt64(account))
        if let quota { writer.member("quotaBytes", quota) }
        writer.member("usedBytes", bytes)
        writer.member("documentBytes", documentBytes)
        writer.member("fileBytes", fileBytes)
    }
}

extension Sequence<AccountUse> {
    /// Member `accounts`: one object for each.
    ///
    /// - Parameter more: writes further members of an account.
    public func writeMembers(
        to writer: inout JSONWriter,
        _ more: (AccountUse, inout JSONWriter) -> Void = { _, _ in }
    ) {
        writer.name("accounts")
        writer.beginArray()
        for use in self {
            writer.beginObject()
            use.writeMembers(to: &writer)
            more(use, &writer)
            writer.endObject()
        }
        writer.endArray()
    }
}

extension Store {
    /// Members on epoch, sizes in bytes and pages, newest change and commit, readers, records of each
    /// account and kind, and each named database.
    public func writeStatistics(to writer: inout JSONWriter) throws(StoreError) {
        let statistics = try statistics()
        // Text, because it has 64 bits and JSON's readers have 53.
        writer.member("epoch", String(metadata.epoch, radix: 16))
        writer.member("createdAt", Timestamp(milliseconds: metadata.created))
        writer.member("sequence", statistics.sequence)
        if let time = statistics.lastChange {
            writer.member("lastChangeAt", Timestamp(milliseconds: time))
        }
        writer.member("clockBehindMilliseconds", Int(statistics.clockBehind))
        writer.member("commit", statistics.environment.lastTransactionID)
        writer.member("usedBytes", statistics.environment.usedBytes)
        writer.member("freeBytes", statistics.freeBytes)
        writer.member("mapBytes", statistics.environment.mapBytes)
        writer.member("usedPages", statistics.environment.usedPages)
        writer.member("freePages", statistics.freeBytes / statistics.environment.pageBytes)
        writer.member("readerSlots", statistics.environment.readerSlots)
        statistics.readers.writeMembers(
            to: &writer, newest: statistics.environment.lastTransactionID)
        try writeRecords(statistics.counters, to: &writer)
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

    /// Members `cleared` (reader slots of dead processes that were freed, if that was asked for) and
    /// `readers`.
    public func writeReaders(
        to writer: inout JSONWriter, cleared: Int?
    ) throws(StoreError) {
        if let cleared { writer.member("cleared", cleared) }
        writer.member("readerSlots", readerSlotCount)
        try readerSlots().writeMembers(to: &writer, newest: lastTransactionID)
    }

    /// Member `records`: how many there are of each kind that has a list, and the last id of each.
    private func writeRecords(
        _ counters: [CountedResource], to writer: inout JSONWriter
    ) throws(StoreError) {
        let reader = try makeReader()
        let view = reader.view
        writer.name("records")
        writer.beginArray()
        for counted in counters {
            let resource = Resource(rawValue: counted.resource)
            writer.beginObject()
            writer.member("account", UInt64(counted.account))
            writer.member("resource", resource.map { "\($0)" } ?? "\(counted.resource)")
            if let list = resource?.list {
                writer.member("count", try view.count(list.key(counted.account)))
            }
            writer.member("lastId", counted.counter.lastID)
            writer.member("sequence", counted.counter.changeSequence)
            writer.endObject()
        }
        writer.endArray()
    }
}

extension [ReaderSlot] {
    /// Member `readers`: process and thread of each slot that is taken, the commit that it reads and
    /// how many newer ones there are (both missing while it rests); `dead` if the process has died and
    /// left the slot.
    public func writeMembers(to writer: inout JSONWriter, newest: UInt64) {
        writer.name("readers")
        writer.beginArray()
        for slot in self {
            writer.beginObject()
            writer.member("pid", Int(slot.process))
            writer.member("thread", String(slot.thread, radix: 16))
            if slot.isDead { writer.member("dead", true) }
            if let commit = slot.transactionID {
                writer.member("commit", commit)
                writer.member("lag", newest > commit ? newest - commit : 0)
            }
            writer.endObject()
        }
        writer.endArray()
    }
}
