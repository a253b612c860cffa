import TestSupport

@testable import RelayRecords
@testable import RelayStore

/// A store of a fixed birth in a directory, with its writer's part that commits.
struct LoggedStore {
    let directory: String
    let store: Store
    let group: GroupCommit
    let decoder = CommandDecoder(RecordApplier())

    init(in directory: String, segmentBytes: Int = 64 << 10) throws {
        self.directory = directory
        store = try Store.create(at: directory, options: .ofLog)
        try store.write { (transaction) throws(StoreError) in
            let (time, key) = (
                StoreTime.beginning(RecordFixture.time.milliseconds).record, StoreTime.key
            )
            try transaction.put(
                time.span.bytes, at: key.span.bytes, in: transaction.databases.meta)
        }
        let health = StoreHealth()
        let log = try CommandLog(store.core, health, segmentBytes: segmentBytes)
        group = GroupCommit(store.core, Retention(), health, log: log)
    }

    func apply(_ commands: ArraySlice<(encoding: [UInt8], time: CommandTime)>) throws {
        group.commitAll(
            try commands.map { command in
                QueuedCommand(
                    try decoder.pending(command.encoding) { _ in }, at: command.time)
            })
    }
}

extension StoreOptions {
    /// A small map: many are open beside each other.
    static let ofLog = StoreOptions(mapBytes: 1 << 30)
}
