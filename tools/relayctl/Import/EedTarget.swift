import HTTP2
import JSON
import RelayClient
import RelayContract
import RelayRecords
import RelayStore
import Synchronization
import System

/// What energy data is delivered into.
protocol EedTarget {
    /// All properties of the account.
    func properties() throws(CommandError) -> [Property]

    /// The units of a property.
    func units(of property: Property) throws(CommandError) -> [Unit]

    /// Delivers, and gives a verdict for each delivery.
    func deliver(
        _ deliveries: [EedDelivery], isDryRun: Bool
    ) throws(CommandError) -> [EedVerdict]
}

/// The relayd that serves the store, asked as any client asks it: with a key, whose account it is.
struct ServedAccount: EedTarget {
    private let client: RelayClient

    init(socket: String, keyFile: String) throws(CommandError) {
        var source = try LineSource(keyFile)
        let line = try source.next(upTo: Limits.frameBytes)?.lines.first ?? []
        guard !line.isEmpty, line.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .usage("the first line of \(keyFile) is no API key")
        }
        let key = String(decoding: line, as: UTF8.self)
        do throws(TransportError) {
            client = try RelayClient(unix: socket, key: key)
        } catch {
            throw .transport(error)
        }
    }

    func properties() throws(CommandError) -> [Property] {
        var properties: [Property] = []
        _ = try asking { () throws(RelayClientError) in
            try client.forEach(
                from: client.getProperties(limit: Limits.pageRecords, offset: 0)
            ) { properties.append($0) }
        }
        return properties
    }

    func units(of property: Property) throws(CommandError) -> [Unit] {
        var units: [Unit] = []
        _ = try asking { () throws(RelayClientError) in
            try client.forEach(
                from: client.getUnits(
                    customerId: property.customerId, limit: Limits.pageRecords, offset: 0)
            ) { if $0.propertyId == property.id { units.append($0) } }
        }
        return units
    }

    func deliver(
        _ deliveries: [EedDelivery], isDryRun: Bool
    ) throws(CommandError) -> [EedVerdict] {
        let batch = EedBatch(deliveries: deliveries)
        return try asking { () throws(RelayClientError) in
            guard isDryRun else { return try client.consumeEedBatch(batch).value.results }
            return try EedBatchResult.read(client.dryRun.consumeEedBatch(batch).json)
        }
    }

    private func asking<Result>(
        _ body: () throws(RelayClientError) -> Result
    ) throws(CommandError) -> Result {
        do throws(RelayClientError) {
            return try body()
        } catch {
            throw .client(error)
        }
    }
}

/// An account of a store that nobody serves.
struct StoredAccount: EedTarget {
    private let store: Store
    private let account: UInt32
    /// Keeps every relayd away until the import is done.
    private let lock: LockFile

    init(_ directory: String, account: UInt32) throws(CommandError) {
        guard try StoreKeeper.exists(in: directory) else { throw .missing(path: directory) }
        lock = try StoreKeeper.lock(
            directory,
            orElse: "a relayd serves the store in \(directory): give --socket and --key-file")
        store = try StoreKeeper.open(directory)
        self.account = account
    }

    func properties() throws(CommandError) -> [Property] {
        try records(.properties, 0, .property)
    }

    func units(of property: Property) throws(CommandError) -> [Unit] {
        try records(.unitsOfProperty, property.id, .unit)
    }

    private func records<Model: ContractModel>(
        _ list: RecordList, _ parameter: UInt64, _ resource: Resource
    ) throws(CommandError) -> [Model] {
        try lifting { () throws(StoreError) in
            let reader = try store.makeReader()
            let ids = try reader.view.list(list.key(account, parameter), of: UInt64.self)
            var models: [Model] = []
            let parser = JSONParser()
            try ids.forEach(in: ids.offsets) { (id) throws(StoreError) in
                let key = resource.key(account, id)
                // SAFETY: the document's bytes, while the reader is here.
                let model = try reader.view.document(key)?.json.withUnsafeBytes {
                    Model(stored: $0, parser: parser)
                }
                guard let model = model ?? nil else {
                    throw .corrupted(what: "\(resource) \(id)")
                }
                models.append(model)
                return true
            }
            return models
        }
    }

    /// Through a writer, as relayd does it: that knows what a dry run is.
    func deliver(
        _ deliveries: [EedDelivery], isDryRun: Bool
    ) throws(CommandError) -> [EedVerdict] {
        let outcome = Outcome()
        let change = RecordCommand(
            ConsumeEedBatch(CheckedEedBatch(deliveries), isAtomic: false), account: account,
            isDryRun: isDryRun)
        let context = RecordCommand.Context(JSONParser(), RecordApplier())
        let command = change.pending(context) { result in outcome.result.withLock { $0 = result } }
        let writer = try lifting { () throws(StoreError) in try Writer(store) }
        let submission = writer.submit(command)
        writer.stop()
        let result = outcome.result.withLock { $0 }
        guard submission == .accepted, let result else {
            preconditionFailure("a writer without work takes a command and completes it")
        }
        let answer = try lifting { () throws(StoreError) in try result.get() }
        if let problem = answer.problem {
            throw .refused(
                status: problem.type.status, detail: problem.detail ?? "\(problem.type.title)")
        }
        do throws(RelayClientError) {
            return try EedBatchResult.read(answer.body)
        } catch {
            throw .client(error)
        }
    }

    private final class Outcome: Sendable {
        let result = Mutex<Result<RecordAnswer, StoreError>?>(nil)
    }
}

extension EedBatchResult {
    /// The verdicts of an answer's body.
    fileprivate static func read(_ json: [UInt8]) throws(RelayClientError) -> [EedVerdict] {
        // SAFETY: the array's own bytes, during this call.
        guard let result = json.withUnsafeBytes({ Self(stored: $0, parser: JSONParser()) }) else {
            throw .badAnswer("no list of verdicts")
        }
        return result.results
    }
}
