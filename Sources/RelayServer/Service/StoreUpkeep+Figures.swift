import Metrics
import RelayStore
import System

extension StoreUpkeep {
    /// What `/admin/stat` and `/metrics` tell of the upkeep.
    var figures: [Figure] {
        var figures = [
            Figure(
                "deadReadersFreed", "relay_store_dead_readers_freed", .counter(deadReaders),
                "Reader slots of dead processes that were freed."),
            Figure(
                "scrubs", "relay_store_scrubs", .counter(scrubs),
                "Walks that compared all documents with their checksums."),
            Figure(
                "scrubbedDocuments", "relay_store_scrubbed_documents",
                .counter(scrubbedDocuments), "Documents in those walks."),
        ]
        if let oldest = oldestReader {
            let age = max(0, SystemClock.monotonic.milliseconds - oldest.since)
            figures.append(
                Figure(
                    "oldestReaderMilliseconds", "relay_store_oldest_reader_seconds",
                    .gauge(UInt64(age)), in: .milliseconds, by: [("pid", "\(oldest.process)")],
                    "How long the oldest reader has read the same commit, by its process."))
        }
        return figures
    }
}
