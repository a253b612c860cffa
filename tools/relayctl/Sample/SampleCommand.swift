import CivilTime
import Glibc
import JSON
import Options
import RelayContract
import RelayRecords
import RelaySnapshots
import RelayStore

/// `relayctl sample`: a store of sample data, whole or not at all.
enum SampleCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let sample = Sample(
            orders: arguments[Commands.orders], accounts: arguments[Commands.accounts],
            seed: UInt64(arguments[Commands.seed]))
        let staging = try CommandError.lifting { () throws(SnapshotError) in
            try StagingDirectory(for: arguments[Commands.store])
        }
        var progress = Progress(
            "orders", total: sample.allOrders, json: arguments[Commands.json])
        Interrupt.hold()
        do throws(CommandError) {
            let size = try fill(staging.path, with: sample, progress: &progress)
            try sync(staging.path + "/data.mdb")
            try CommandError.lifting { () throws(SnapshotError) in try staging.publish() }
            return report(size, progress, staging)
        } catch {
            staging.discard()
            throw error
        }
    }

    private static func fill(
        _ path: String, with sample: Sample, progress: inout Progress
    ) throws(CommandError) -> SampleSize {
        // Not durable while it grows: it counts only once it was synced and renamed.
        let store = try lifting { () throws(StoreError) in
            try Store.create(at: path, options: StoreOptions(durability: .mayCorruptStore))
        }
        var sink = StoreSink(store)
        let size = try sample.pour(into: &sink, progress: &progress)
        try sink.finish()
        return size
    }

    private static func sync(_ file: String) throws(CommandError) {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", path: file, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .system(call: "fsync", path: file, errno: errno)
        }
    }

    private static func report(
        _ size: SampleSize, _ progress: Progress, _ staging: StagingDirectory
    ) -> Report {
        Report { writer in
            writer.member("store", staging.target)
            writer.member("accounts", size.accounts)
            writer.member("customers", size.customers)
            writer.member("properties", size.properties)
            writer.member("units", size.units)
            writer.member("orders", size.orders)
            writer.member("appointments", size.appointments)
            writer.member("eedMonths", size.eedMonths)
            writer.member("milliseconds", progress.elapsed)
        }
    }
}

/// Puts a sample into a store, a transaction for all that comes between two pauses.
struct StoreSink: SampleSink {
    private enum Record {
        case address(Address)
        case customer(Customer)
        case property(Property)
        case unit(Unit)
        case order(Order)
        case appointment(Appointment)
        case metered(World.Metered)
    }

    private let store: Store
    private var account: UInt64 = 0
    private var loader: RecordLoader?
    private var waiting: [Record] = []
    /// Properties of the account by id, which start at 1: units belong to their customers.
    private var properties: [Property] = []

    init(_ store: Store) { self.store = store }

    mutating func put(_ address: Address, account: UInt64) throws(CommandError) {
        try enter(account)
        waiting.append(.address(address))
    }

    mutating func put(_ customer: Customer, account: UInt64) throws(CommandError) {
        try enter(account)
        waiting.append(.customer(customer))
    }

    mutating func put(_ property: Property, account: UInt64) throws(CommandError) {
        try enter(account)
        properties.append(property)
        waiting.append(.property(property))
    }

    mutating func put(_ unit: Unit, account: UInt64) throws(CommandError) {
        try enter(account)
        waiting.append(.unit(unit))
    }

    mutating func put(_ order: Order, account: UInt64) throws(CommandError) {
        try enter(account)
        waiting.append(.order(order))
    }

    mutating func put(_ appointment: Appointment, account: UInt64) throws(CommandError) {
        try enter(account)
        waiting.append(.appointment(appointment))
    }

    mutating func put(_ metered: World.Metered, account: UInt64) throws(CommandError) {
        try enter(account)
        waiting.append(.metered(metered))
    }

    mutating func pause() throws(CommandError) {
        guard var loader, !waiting.isEmpty else { return }
        let (records, properties) = (waiting, properties)
        loader = try lifting { () throws(StoreError) in
            try store.write { (transaction) throws(StoreError) -> RecordLoader in
                try loader.begin(&transaction)
                for record in records {
                    switch record {
                    case .address(let address): try loader.add(address, to: &transaction)
                    case .customer(let customer): try loader.add(customer, to: &transaction)
                    case .property(let property): try loader.add(property, to: &transaction)
                    case .unit(let unit):
                        let property = properties[Int(unit.propertyId) - 1]
                        try loader.add(unit, of: property, to: &transaction)
                    case .order(let order): try loader.add(order, to: &transaction)
                    case .appointment(let appointment):
                        try loader.add(appointment, to: &transaction)
                    case .metered(let metered):
                        try loader.add(
                            metered.month, benchmarks: metered.benchmarks, to: &transaction)
                    }
                }
                try loader.end(&transaction)
                return loader
            }
        }
        self.loader = loader
        waiting.removeAll(keepingCapacity: true)
    }

    /// Ends the account that was poured last.
    mutating func finish() throws(CommandError) {
        guard var loader else { return }
        try lifting { () throws(StoreError) in
            try store.write { (transaction) throws(StoreError) -> Void in
                try loader.begin(&transaction)
                try loader.finish(&transaction)
            }
        }
        self.loader = nil
    }

    private mutating func enter(_ account: UInt64) throws(CommandError) {
        if account == self.account { return }
        precondition(waiting.isEmpty, "an account begins after a pause")
        try finish()
        self.account = account
        properties = []
        loader = RecordLoader(account: UInt32(account), time: SampleCommand.time)
    }
}

extension SampleCommand {
    /// The time of the sample's change records: never the clock, so that the same seed makes the
    /// same bytes.
    static let time = Timestamp(milliseconds: 1_767_225_600_000)
}
