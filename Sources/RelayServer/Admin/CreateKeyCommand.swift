import RelayStore

/// Makes an API key.
final class CreateKeyCommand: WriteCommand, @unchecked Sendable {
    // SAFETY: `made` is used on the writer thread only.
    private let account: UInt32
    private let label: String
    private let time: Int64
    private let expires: Int64?
    private let limits: KeyLimits
    private let material = APIKeyText.randomBytes()
    private let completion: @Sendable (Result<NewAPIKey, StoreError>) -> Void
    private var made: NewAPIKey?

    init(
        account: UInt32, label: String, time: Int64, expires: Int64? = nil,
        limits: KeyLimits = KeyLimits(),
        completion: @escaping @Sendable (Result<NewAPIKey, StoreError>) -> Void
    ) {
        self.account = account
        self.label = label
        self.time = time
        self.expires = expires
        self.limits = limits
        self.completion = completion
    }

    var byteCount: Int { label.utf8.count }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        made = try transaction.createAPIKey(
            account: account, label: label, time: time, expires: expires, limits: limits,
            material: material)
    }

    func complete(_ result: Result<Void, StoreError>) {
        completion(result.map { made! })
    }
}

/// Ends an API key; says whether it was in force.
final class RevokeKeyCommand: WriteCommand, @unchecked Sendable {
    // SAFETY: `wasInForce` is used on the writer thread only.
    private let id: UInt64
    private let completion: @Sendable (Result<Bool, StoreError>) -> Void
    private var wasInForce = false

    init(id: UInt64, completion: @escaping @Sendable (Result<Bool, StoreError>) -> Void) {
        self.id = id
        self.completion = completion
    }

    var byteCount: Int { 0 }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        wasInForce = try transaction.revokeAPIKey(id)
    }

    func complete(_ result: Result<Void, StoreError>) {
        completion(result.map { wasInForce })
    }
}
