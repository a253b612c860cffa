import Metrics
import RelayStore

/// What the store's log is doing.
extension ServiceFigures {
    /// Empty when each commit waits for the disk by itself.
    var commandLog: [Figure] {
        guard let log = writer.log else { return [] }
        let checkpoints = log.checkpoints
        return [
            Figure(
                "logBytes", "relay_log_bytes", .counter(log.appendedBytes),
                "Bytes that were appended to the store's log."),
            Figure(
                "logFileBytes", "relay_log_file_bytes", .gauge(UInt64(log.fileBytes)),
                "Bytes that the files of the store's log take."),
            Figure(
                "logSyncTime", "relay_log_sync_duration_seconds", .histogram(log.syncTime),
                "Time that the disk took to keep a group of commands."),
            Figure(
                "logBytesBehind", "relay_log_bytes_behind", .gauge(checkpoints.logBytesBehind),
                "Bytes of the log that a recovery would read now."),
            Figure(
                "grownBytes", "relay_store_grown_bytes", .gauge(UInt64(checkpoints.grownBytes)),
                "Bytes that the store's file has grown by since the last checkpoint."),
            Figure(
                "checkpoints", "relay_checkpoints", .counter(checkpoints.count),
                "Checkpoints of the store."),
            Figure(
                "checkpointMicroseconds", "relay_checkpoint_seconds",
                .gauge(UInt64(checkpoints.lastMicroseconds)), in: .microseconds,
                "Time that the last checkpoint took."),
            Figure(
                "longestCheckpointMicroseconds", "relay_checkpoint_longest_seconds",
                .gauge(UInt64(checkpoints.longestMicroseconds)), in: .microseconds,
                "Time that the longest checkpoint took."),
            Figure(
                "checkpointWaits", "relay_checkpoint_waits", .counter(checkpoints.waits),
                "Times that the writer waited for a checkpoint."),
        ]
    }
}
