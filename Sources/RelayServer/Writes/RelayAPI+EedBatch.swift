import RelayContract
import RelayRecords
import RelayStore

/// POST of many deliveries of energy data.
extension RelayAPI {
    mutating func consumeEedBatch(_ input: ConsumeEedBatchInput, _ exchange: inout RelayExchange) {
        var batch = input.body
        do throws(StoreError) {
            try batch.checkReferences { (references, faults) throws(StoreError) in
                try references.check(in: reader.view, account: exchange.account, &faults)
            }
        } catch {
            return fail(error, exchange)
        }
        submit(
            ConsumeEedBatch(batch, isAtomic: input.atomic ?? false), dryRun: input.dryRun,
            &exchange)
    }
}
