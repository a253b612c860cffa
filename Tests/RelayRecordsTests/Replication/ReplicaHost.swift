import Foundation
import Synchronization
import TestSupport

@testable import RelayRecords
@testable import RelayStore

/// A host with a store of its own that shares a log in memory with others.
final class ReplicaHost {
    let name: HostName
    let directory: String
    private(set) var store: Store!
    private(set) var writer: Writer!
    private let shared: MemoryLog.Shared
    private let way: WriteDurability
    private let plant: Plant?
    var settings: (inout Replication) -> Void
    private let decoder = CommandDecoder(RecordApplier())
    private let health = StoreHealth()
    private let clock: StoreClock

    /// A mistake that a host makes with a command that it has read.
    enum Plant {
        /// It passes one over.
        case skipped
        /// It asks its own clock.
        case clock
        /// It gives what comes in no order in another order.
        case order
        /// It has no room for it.
        case full(FullDisk)

        /// What makes another store of it.
        static let mistakes = [Plant.skipped, .clock, .order]
    }

    /// A disk that is full until there is room on it.
    final class FullDisk: Sendable {
        /// How often something was refused.
        let refusals = Atomic(0)
        let hasRoom = Atomic(false)
    }

    /// Makes the stores of some hosts, copies of one whose first replica begins the log.
    static func make(
        _ count: Int, of shared: MemoryLog.Shared, in directory: String,
        settings: @escaping (inout Replication) -> Void = { _ in }
    ) throws -> [ReplicaHost] {
        let first = directory + "/first"
        do {
            let store = try Store.create(at: first, options: .ofLog)
            let beginning = try store.beginning(of: shared.identity)
            let message = beginning.message(of: HostName("cluster")!, sent: 0)
            shared.corrupt {
                $0 = [
                    SharedLogEntry(
                        sequence: 1, time: StoreClock.system.now(), message: message)
                ]
            }
            try store.becomeReplica(shared.entries[0])
        }
        return try (0..<count).map { try join($0, shared, directory, settings: settings) }
    }

    /// A host that has applied the log's first message only.
    static func join(
        _ number: Int, _ shared: MemoryLog.Shared, _ directory: String, plant: Plant? = nil,
        clock: StoreClock = .system,
        settings: @escaping (inout Replication) -> Void = { _ in }
    ) throws -> ReplicaHost {
        let place = "\(directory)/host-\(number)"
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: directory + "/first/data.mdb", toPath: place + "/data.mdb")
        return try ReplicaHost(
            "host-\(number)", place, shared, number == 0 ? .syncedCommits : .log, plant,
            clock: clock, settings)
    }

    init(
        _ name: String, _ directory: String, _ shared: MemoryLog.Shared, _ way: WriteDurability,
        _ plant: Plant?, clock: StoreClock = .system,
        _ settings: @escaping (inout Replication) -> Void = { _ in }
    ) throws {
        self.name = HostName(name)!
        (self.directory, self.shared, self.way, self.plant) = (directory, shared, way, plant)
        (self.clock, self.settings) = (clock, settings)
        try open()
    }

    private func open() throws {
        var options = StoreOptions.ofLog
        options.clock = clock
        store = try Store.open(at: directory, options: options, recovery: .records())
        var sharing = Replication.records(MemoryLog(shared), as: name)
        if let plant { sharing = sharing.making(plant) }
        settings(&sharing)
        writer =
            way == .log
            ? try Writer(logging: store, health: health, segmentBytes: 64 << 10, sharing: sharing)
            : try Writer(store, health: health, sharing: sharing)
        let reader = try store.makeReader()
        writer.removeUploads(try reader.view.leftUploads())
    }

    /// Ends in order: another one may open the store.
    func end() {
        writer.stop()
        (store, writer) = (nil, nil)
    }

    /// Ends in order, and begins anew.
    func restart() throws {
        if writer != nil { end() }
        try open()
    }

    /// Hands a command to the writer; gives its outcome later.
    func submit(
        _ encoding: [UInt8],
        _ completion: @escaping @Sendable (Result<any Sendable, StoreError>) -> Void
    ) throws -> Bool {
        if case .accepted = writer.submit(try decoder.pending(encoding, completion: completion)) {
            return true
        }
        return false
    }

    /// Whether it says that the log ends too early.
    var doubts: Bool {
        writer.replication!.figures.following.trouble?.contains("ends with message") == true
    }

    /// Waits until the store has applied the log up to a message and removed what that left; false if it
    /// does nothing more for half a minute.
    func waits(for sequence: UInt64) throws -> Bool {
        var (seen, rounds): (UInt64, Int) = (0, 0)
        while rounds < 6_000 {
            if writer.replication?.stopReason != nil { return false }
            let reader = try store.makeReader()
            let state = try reader.view.replicaState()!
            if state.sequence == sequence, try reader.view.leftUploads().isEmpty { return true }
            rounds = state.sequence > seen ? 0 : rounds + 1
            seen = state.sequence
            usleep(5_000)
        }
        return false
    }
}

extension Replication {
    /// With a mistake in every seventh change of records.
    fileprivate func making(_ plant: ReplicaHost.Plant) -> Replication {
        let sound = makeDecoder
        return Replication(log, as: host) {
            let decoder = sound()
            nonisolated(unsafe) var count = 0
            return { (encoding, completion) throws(CommandFault) in
                let command = try decoder(encoding, completion)
                count += encoding.first == CommandKind.changeRecords.rawValue ? 1 : 0
                return count % 7 == 6 ? MistakenCommand(command, plant) : command
            }
        }
    }
}

/// A command that is applied wrongly.
private final class MistakenCommand: WriteCommand {
    private let command: any WriteCommand
    private let plant: ReplicaHost.Plant

    init(_ command: any WriteCommand, _ plant: ReplicaHost.Plant) {
        (self.command, self.plant) = (command, plant)
    }

    var byteCount: Int { command.byteCount }

    func withEncoding(_ body: (UnsafeRawBufferPointer) -> Void) { command.withEncoding(body) }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        switch plant {
        case .skipped: return
        case .clock: transaction.begin(at: transaction.now)
        case .order:
            // The second of two documents is written first: their versions are the other way round.
            let key = DocumentKey(account: 9, resource: 1, id: transaction.sequence + 1)
            let number: InlineArray<1, UInt64> = [.random(in: 0 ... .max)]
            try transaction.putDocument(key, json: number.span.bytes, version: 1)
        case .full(let disk):
            if !disk.hasRoom.load(ordering: .relaxed) {
                disk.refusals.add(1, ordering: .relaxed)
                throw .storeFull
            }
        }
        try command.apply(to: &transaction)
    }

    func complete(_ result: Result<Void, StoreError>) {
        if case .skipped = plant { return }
        command.complete(result)
    }
}
