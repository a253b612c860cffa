import JSON
import RelayContract
import RelayStore

extension RecordTransaction {
    /// Creates a customer, or updates the one that id, externalId or internalId names.
    mutating func upsertCustomer(
        _ upsert: CustomerUpsert
    ) throws(StoreError) -> RecordAnswer {
        let input = upsert.customer
        var faults = Faults()
        let (old, plan) = try faults.at("customer") {
            (faults: inout Faults) throws(StoreError) -> (Customer?, AddressPlan) in
            let names = UpsertNames(
                id: input.id, externalID: input.externalId, internalID: input.internalId)
            let id = try resolve(names, .customer, &faults)
            if id == nil, input.id == nil, input.name == nil {
                faults.add(.required, member: "name", "a new customer needs a name")
            }
            let old = try load(Customer.self, .customer, ifAny: id)
            return (
                old, try planAddress(input.address, keeping: old?.address, &faults)
            )
        }
        guard faults.isEmpty else { return RecordAnswer(Problem(.validation, faults)) }
        return try store(upsert, old, plan)
    }

    private mutating func store(
        _ upsert: CustomerUpsert, _ old: Customer?, _ plan: AddressPlan
    ) throws(StoreError) -> RecordAnswer {
        let input = upsert.customer
        try begin()
        let id = try keptID(old?.id, .customer)
        let address = try store(plan) ?? old?.address
        var customer =
            old
            ?? Customer(
                id: id, accountId: UInt64(account), name: "", status: "ACTIVE",
                statusUpdatedAt: time, origin: "API")
        customer.casaviTenantId = upsert.casaviAccountId ?? customer.casaviTenantId
        customer.internalId = input.internalId ?? customer.internalId
        customer.externalId = input.externalId ?? customer.externalId
        customer.name = input.name ?? customer.name
        customer.telephone = input.telephone ?? customer.telephone
        customer.emailAddress = input.emailAddress ?? customer.emailAddress
        customer.address = address
        customer.addressId = address?.id
        try transaction.relink(
            id, from: old?.links(account) ?? RecordLinks(), to: customer.links(account))
        try store(customer, .customer, id)
        let echo = CustomerUpsertResult(
            casaviAccountId: customer.casaviTenantId,
            customer: CustomerEcho(
                internalId: customer.internalId, id: id, externalId: customer.externalId,
                name: customer.name, telephone: customer.telephone,
                emailAddress: customer.emailAddress, address: customer.address))
        return RecordAnswer(
            old == nil ? 201 : 200, body: echo.json, version: sequence,
            createdID: old == nil ? id : nil)
    }
}

/// createCustomer: creates or updates one.
public struct UpsertCustomer: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.upsertCustomer
    /// What the client sent.
    public let body: CustomerUpsert

    /// Asks for it.
    public init(_ body: CustomerUpsert) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.upsertCustomer(body) }
}
