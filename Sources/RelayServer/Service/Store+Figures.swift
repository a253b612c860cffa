import Metrics
import RelayStore

extension Store {
    /// What `/metrics` tells of a store; `/admin/stat` has the same by `writeStatistics`.
    func figures() throws(StoreError) -> [Figure] {
        let statistics = try statistics()
        let environment = statistics.environment
        let active = statistics.readers.compactMap(\.transactionID)
        let newest = environment.lastTransactionID
        return [
            Figure(
                nil, "relay_store_map_bytes", .gauge(UInt64(environment.mapBytes)),
                "How large the store's file may become."),
            Figure(
                nil, "relay_store_used_bytes", .gauge(UInt64(environment.usedBytes)),
                "Bytes of the store's file, free pages included: it never shrinks."),
            Figure(
                nil, "relay_store_free_bytes", .gauge(UInt64(statistics.freeBytes)),
                "Bytes of those that are free for later writes."),
            Figure(
                nil, "relay_store_free_pages",
                .gauge(UInt64(statistics.freeBytes / environment.pageBytes)),
                "Pages of those that are free for later writes."),
            Figure(
                nil, "relay_store_last_commit", .gauge(newest), "Number of the newest commit."),
            Figure(
                nil, "relay_store_last_change", .gauge(statistics.sequence),
                "Sequence number of the newest change."),
            Figure(
                nil, "relay_store_clock_behind_seconds", .gauge(UInt64(statistics.clockBehind)),
                in: .milliseconds,
                "Time by which the machine's clock is behind the newest time of the store."),
            Figure(
                nil, "relay_store_reader_slots", .gauge(UInt64(environment.readerSlots)),
                "Reader slots that there are, over all processes."),
            Figure(
                nil, "relay_store_readers", .gauge(UInt64(active.count)),
                "Readers that read a commit now."),
            Figure(
                nil, "relay_store_dead_readers",
                .gauge(UInt64(statistics.readers.count { $0.isDead })),
                "Reader slots of processes that have died."),
            Figure(
                nil, "relay_store_reader_lag_commits",
                .gauge(active.map { newest > $0 ? newest - $0 : 0 }.max() ?? 0),
                "How many commits the last reader is behind."),
        ]
    }
}
