@testable import RelayRecords
@testable import RelayStore

/// Messages of a log that hosts share, each behind its length (u16) and with a sum that is made for it: whatever
/// the bytes are, a replica passes a message over, refuses it or applies it, and comes to the same when it
/// applies it again out of its own log.
enum MessageTarget {
    private static let identity = LogIdentity(high: 1, low: 2)
    /// The engine's clock at the first message.
    private static let clock: Int64 = 1_767_225_600_000
    nonisolated(unsafe) private static var applied = 0

    static func run(_ bytes: [UInt8]) {
        var entries: [SharedLogEntry] = []
        var rest = bytes[...]
        while rest.count > 2, entries.count < 8 {
            let length = Int(rest.removeFirst()) | Int(rest.removeFirst()) << 8
            let message = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
            requireWrittenAsRead(message)
            guard let message = LogMessage.summed(message) else { continue }
            requireWrittenAsRead(message)
            requireBeginning(message)
            entries.append(
                SharedLogEntry(
                    sequence: UInt64(entries.count) + 2, time: clock + Int64(entries.count),
                    message: message))
        }
        if !entries.isEmpty { apply(entries) }
    }

    private static func requireWrittenAsRead(_ bytes: [UInt8]) {
        guard let message = try? LogMessage(bytes) else { return }
        Target.require(message.bytes == bytes, "a message is written as something else")
    }

    private static func requireBeginning(_ bytes: [UInt8]) {
        guard let beginning = LogBeginning(message: bytes) else { return }
        let again = beginning.message(of: HostName("a")!, sent: 0)
        Target.require(
            LogBeginning(message: again) == beginning, "a beginning is written as something else")
    }

    private static func apply(_ entries: [SharedLogEntry]) {
        let first = Replica(identity)
        var kept: [[UInt8]] = []
        for entry in entries {
            guard let encoding = first.apply(entry) else { break }
            kept.append(encoding)
        }
        if kept.isEmpty { return }
        first.requireSum()
        applied += 1
        // That takes longer than all the rest.
        if applied % 8 == 1 { first.requireSound() }
        // As after a power cut: all at once, out of the store's own log.
        let second = Replica(identity)
        second.applyAgain(kept)
        Target.require(
            second.state == first.state,
            "messages come to \(first.state), and the second time to \(second.state)")
    }
}

/// A store in memory that has applied the beginning of a log.
private final class Replica {
    private let store: Store
    private let commit: GroupCommit
    private let decoder = CommandDecoder(RecordApplier())

    init(_ identity: LogIdentity) {
        do throws(StoreError) {
            store = try Store.inMemory()
            let message = try store.beginning(of: identity).message(of: HostName("a")!, sent: 0)
            try store.becomeReplica(SharedLogEntry(sequence: 1, time: 0, message: message))
            commit = GroupCommit(store.core, Retention(), StoreHealth())
        } catch {
            fatalError("no replica in memory: \(error)")
        }
    }

    var state: ReplicaState {
        guard let state = try? store.replicaState() else { fatalError("broken: no state") }
        return state
    }

    /// Applies a message; gives it as the store's own log has it, or nil where a replica stops.
    func apply(_ entry: SharedLogEntry) -> [UInt8]? {
        guard let message = try? LogMessage(entry.message), message.kind == .commands else {
            return nil
        }
        nonisolated(unsafe) var failure: StoreError?
        let replicated = try? ReplicatedMessage(
            entry, message,
            decoder: { [decoder] (encoding, completion) throws(CommandFault) in
                try decoder.single(encoding, completion)
            }
        ) { result in
            if case .failure(let error) = result { failure = error }
        }
        guard let replicated else { return nil }
        commit.commitAll([QueuedCommand(replicated, at: CommandTime(clock: 0, lived: 0))])
        if let failure {
            // What was uploaded as a command may be none.
            if case .unreadable = failure { return nil }
            fatalError("broken: a message fails with \(failure)")
        }
        Target.require(state.sequence == entry.sequence, "a message is not applied")
        removeUploads()
        var encoding: [UInt8] = []
        replicated.withEncoding { encoding = Array($0) }
        return encoding
    }

    /// Removes the uploads that have ended, which the other replica does not.
    private func removeUploads() {
        do {
            var transaction = try StoreTransaction(store.core)
            var budget = Int.max
            for id in try transaction.view.leftUploads() {
                _ = try transaction.removeUpload(id, &budget)
            }
            try transaction.commit()
        } catch {
            fatalError("broken: uploads cannot be removed: \(error)")
        }
    }

    /// Applies messages as recovery does: nobody waits for what comes of them.
    func applyAgain(_ encodings: [[UInt8]]) {
        do {
            var transaction = try StoreTransaction(store.core)
            for encoding in encodings {
                let command = try decoder.pending(encoding) { _ in }
                transaction.begin(at: CommandTime(clock: 0, lived: 0))
                try command.apply(to: &transaction)
            }
            try transaction.commit()
        } catch {
            fatalError("broken: a message out of the store's own log fails with \(error)")
        }
    }

    /// What the store has kept account of is what is in it.
    func requireSum() {
        do throws(StoreError) {
            let reader = try store.makeReader()
            let sum = try reader.view.sumOfDocuments()
            Target.require(sum == state.documents, "the sum of documents is kept wrongly")
        } catch {
            fatalError("broken: \(error)")
        }
    }

    /// It can be dumped, and loaded as the same.
    func requireSound() {
        do throws(StoreError) {
            let faults = try store.check().faults
            // A host says of a file what it has, and is believed.
            if !faults.isEmpty, faults.allSatisfy({ $0.hasPrefix("blob ") }) { return }
        } catch {
            fatalError("broken: \(error)")
        }
        Dump.requireSound(store)
    }
}

extension LogMessage {
    /// A message with the sum that it must have; nil when it is too short for one.
    fileprivate static func summed(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > headBytes else { return nil }
        var bytes = bytes
        let sum = LogMessage.sum(bytes)
        for place in 0..<8 { bytes[56 + place] = UInt8(truncatingIfNeeded: sum >> (8 * place)) }
        return bytes
    }
}
