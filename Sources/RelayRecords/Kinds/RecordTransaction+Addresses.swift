import JSON
import RelayContract
import RelayStore

/// What an address in a request comes to.
enum AddressPlan {
    /// None was given.
    case none
    /// A record that exists and stays as it is.
    case use(Address)
    /// A new record, whose id is given when it is stored.
    case create(Address)

    /// Whether what had this address keeps it.
    func keeps(_ old: Address?) -> Bool {
        switch self {
        case .none: true
        case .use(let address): address.id == old?.id
        case .create: false
        }
    }
}

extension Address {
    /// Whether another address says the same, byte by byte; ids are not looked at.
    fileprivate func says(_ other: Address) -> Bool {
        country == other.country && streetAddress.hasBytes(of: other.streetAddress)
            && postalCode.hasBytes(of: other.postalCode) && locality.hasBytes(of: other.locality)
            && additionalInfo.hasBytes(of: other.additionalInfo)
    }
}

/// Addresses never change once stored: a changed address is a new record, so that no other record
/// that refers to the old one changes with it.
extension RecordTransaction {
    mutating func createAddress(_ new: NewAddress) throws(StoreError) -> RecordAnswer {
        try begin()
        let plan = AddressPlan.create(
            Address(
                id: 0, streetAddress: new.streetAddress, postalCode: new.postalCode,
                locality: new.locality, country: new.country, additionalInfo: new.additionalInfo,
                accountId: UInt64(account)))
        let address = try store(plan)!
        return .id(201, address.id, version: sequence)
    }

    /// Decides what the member `address` of a body means, adding every fault. One without an id that
    /// says what the record's present address says is that one: whoever sends all its records
    /// every day makes no new address each time.
    func planAddress(
        _ input: AddressInput?, keeping old: Address? = nil, _ faults: inout Faults
    ) throws(StoreError) -> AddressPlan {
        try faults.at("address") {
            (faults: inout Faults) throws(StoreError) -> AddressPlan in
            try plan(input, old, &faults)
        }
    }

    private func plan(
        _ input: AddressInput?, _ old: Address?, _ faults: inout Faults
    ) throws(StoreError) -> AddressPlan {
        guard let input else { return .none }
        if let account = input.accountId, account != UInt64(self.account) {
            faults.add(
                .mismatch, member: "accountId", "expected the key's account, \(self.account)")
        }
        guard let id = input.id else { return planNew(input, old, &faults) }
        guard let stored = try load(Address.self, .address, id)?.model else {
            faults.add(.unknownReference, member: "id", Faults.unknown(.address, id))
            return .none
        }
        var changed = stored
        changed.streetAddress = input.streetAddress ?? stored.streetAddress
        changed.postalCode = input.postalCode ?? stored.postalCode
        changed.locality = input.locality ?? stored.locality
        changed.country = input.country ?? stored.country
        changed.additionalInfo = input.additionalInfo ?? stored.additionalInfo
        return changed.says(stored) ? .use(stored) : .create(changed)
    }

    private func planNew(
        _ input: AddressInput, _ old: Address?, _ faults: inout Faults
    ) -> AddressPlan {
        func required(_ value: String?, _ member: StaticString) -> String {
            if value == nil {
                faults.add(
                    .required, member: member,
                    "\(member) is missing: send it, or the id of a recorded address")
            }
            return value ?? ""
        }
        let street = required(input.streetAddress, "streetAddress")
        let postalCode = required(input.postalCode, "postalCode")
        let locality = required(input.locality, "locality")
        guard let country = input.country else {
            faults.add(
                .required, member: "country",
                "country is missing: send it, or the id of a recorded address")
            return .none
        }
        let new = Address(
            id: 0, streetAddress: street, postalCode: postalCode, locality: locality,
            country: country, additionalInfo: input.additionalInfo,
            accountId: UInt64(account))
        if let old, old.says(new) { return .use(old) }
        return .create(new)
    }

    /// Carries a plan out.
    mutating func store(_ plan: AddressPlan) throws(StoreError) -> Address? {
        switch plan {
        case .none: return nil
        case .use(let address): return address
        case .create(var address):
            address.id = try newID(.address)
            try store(address, .address, address.id)
            return address
        }
    }
}

/// createAddress.
public struct CreateAddress: BodyChange {
    /// The kind of change.
    public static let kind = ChangeKind.createAddress
    /// What the client sent.
    public let body: NewAddress

    /// Asks for it.
    public init(_ body: NewAddress) { self.body = body }

    /// Makes the change.
    public func apply(
        to transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer { try transaction.createAddress(body) }
}
