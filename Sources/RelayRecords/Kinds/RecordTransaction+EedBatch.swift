import JSON
import RelayContract
import RelayStore

/// Many deliveries of energy data in one change.
extension RecordTransaction {
    /// Takes those that are right, and says of each what became of it.
    mutating func consumeEed(_ batch: CheckedEedBatch) throws(StoreError) -> RecordAnswer {
        var all = Faults()
        var accepted: [EedDelivery] = []
        var verdicts: [EedVerdict] = []
        verdicts.reserveCapacity(batch.deliveries.count)
        for (index, delivery) in batch.deliveries.enumerated() {
            let found: [Fault]
            switch delivery {
            case .refused(let faults): found = faults
            case .valid(let delivery):
                found = try all.at(delivery: index) { (all) throws(StoreError) in
                    try all.apart { (own) throws(StoreError) in try check(delivery, &own) }.faults
                }
                if found.isEmpty { accepted.append(delivery) }
            }
            verdicts.append(
                found.isEmpty ? EedVerdict(status: 204) : EedVerdict(status: 422, errors: found))
        }
        if !accepted.isEmpty {
            // What is refused is no part of the change: it can be made again from what was accepted.
            try begin(as: ConsumeEedBatch(CheckedEedBatch(accepted), isAtomic: true))
            for delivery in accepted { try keep(delivery) }
        }
        return RecordAnswer(200, body: EedBatchResult(results: verdicts).json)
    }

    /// Takes all of them, or none.
    mutating func consumeEedAtOnce(_ batch: CheckedEedBatch) throws(StoreError) -> RecordAnswer {
        var faults = Faults()
        var accepted: [EedDelivery] = []
        for (index, delivery) in batch.deliveries.enumerated() {
            switch delivery {
            case .refused(let found): faults.add(found)
            case .valid(let delivery):
                try faults.at(delivery: index) { (faults) throws(StoreError) in
                    try check(delivery, &faults)
                }
                accepted.append(delivery)
            }
        }
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        try begin()
        for delivery in accepted { try keep(delivery) }
        let verdicts = accepted.map { _ in EedVerdict(status: 204) }
        return RecordAnswer(200, body: EedBatchResult(results: verdicts).json)
    }
}

extension Faults {
    /// Steps into a delivery for as long as `read` runs.
    fileprivate mutating func at<Result>(
        delivery index: Int, _ read: (inout Faults) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try at("deliveries") { (faults) throws(StoreError) in
            try faults.at(index: index, read)
        }
    }
}

/// consumeEedBatch. Its payload is `[isAtomic, {"deliveries":[…]}]`.
public struct ConsumeEedBatch: JSONChange {
    /// The kind of change.
    public static let kind = ChangeKind.consumeEedBatch
    /// What the client sent.
    public let batch: CheckedEedBatch
    /// Whether all are stored or none.
    public let isAtomic: Bool

    /// Asks for it.
    public init(_ batch: CheckedEedBatch, isAtomic: Bool) {
        self.batch = batch
        self.isAtomic = isAtomic
    }

    /// Reads what `write` wrote.
    public init?(decoding value: JSONValue, into faults: inout Faults) {
        var elements = value.elements
        guard let isAtomic = elements.next()?.boolean, let body = elements.next(),
            let batch = CheckedEedBatch(written: body, into: &faults)
        else { return nil }
        self.init(batch, isAtomic: isAtomic)
    }

    /// Writes both.
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        writer.value(isAtomic)
        batch.write(to: &writer)
        writer.endArray()
    }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        if isAtomic { return try transaction.consumeEedAtOnce(batch) }
        return try transaction.consumeEed(batch)
    }
}
