import Glibc
import JSON
import Options
import RelayRecords
import RelayStore

/// `relayctl readers`: who reads the store, and how far behind. A reader keeps the pages of its commit
/// from being used again, so one that hangs makes the file grow.
enum ReadersCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let clears = arguments[Commands.clearStale]
        switch try StoreAccess(arguments, isReading: !clears) {
        case .running(let relayd):
            let path = "/admin/readers"
            return Report(json: try relayd.perform(clears ? "DELETE" : "GET", path))
        case .direct(let keeper):
            return try keeper.readers(clearsDead: clears)
        }
    }
}

extension StoreKeeper {
    func readers(clearsDead: Bool) throws(CommandError) -> Report {
        try lifting { () throws(StoreError) in
            // Opening the store has freed the slots of dead processes already.
            let cleared = clearsDead ? try store.clearDeadReaders() + store.deadReaders : nil
            var writer = JSONWriter()
            writer.beginObject()
            try store.writeReaders(to: &writer, cleared: cleared)
            writer.endObject()
            return Report(json: writer.bytes)
        }
    }
}
