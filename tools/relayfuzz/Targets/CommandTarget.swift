import RelayRecords
import RelayStore

/// Commands as a log holds them: whatever the bytes are, they are refused or can be applied, and leave
/// what a store can be.
enum CommandTarget {
    static func run(_ bytes: [UInt8]) {
        let decoder = CommandDecoder(RecordApplier())
        guard let command = try? decoder.pending(bytes, completion: { _ in }) else { return }
        command.withEncoding {
            Target.require($0.elementsEqual(bytes), "a command is written as something else")
        }
        do throws(StoreError) {
            let store = try Store.inMemory()
            try store.write { (transaction) throws(StoreError) in
                transaction.begin(at: CommandTime(clock: 1_767_225_600_000, lived: 0))
                try command.apply(to: &transaction)
            }
            let report = try store.check()
            Target.require(report.faults.isEmpty, "check finds \(report.faults)")
        } catch {
            // A file that nobody has brought, say.
        }
    }
}
