import RelayStore

/// Sets limits of an API key; gives its record if it is in force.
final class SetKeyLimitsCommand: WriteCommand, @unchecked Sendable {
    // SAFETY: `record` is used on the writer thread only.
    private let id: UInt64
    private let limits: KeyLimitsPatch
    private let completion: @Sendable (Result<APIKeyRecord?, StoreError>) -> Void
    private var record: APIKeyRecord?

    init(
        id: UInt64, limits: KeyLimitsPatch,
        completion: @escaping @Sendable (Result<APIKeyRecord?, StoreError>) -> Void
    ) {
        self.id = id
        self.limits = limits
        self.completion = completion
    }

    var byteCount: Int { 0 }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        record = try transaction.setLimits(of: id, limits)
    }

    func complete(_ result: Result<Void, StoreError>) {
        completion(result.map { record })
    }
}
