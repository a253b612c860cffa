import CivilTime
import JSON
import RelayContract

/// How the sample's records are made up, in the contract's own types.
extension Customer {
    /// A property management firm.
    init(id: Int, account: UInt64, _ random: inout Random) {
        let family = random.pick(People.families)
        let office = random.pick(City.offices)
        let patterns = [
            "Hausverwaltung \(family) GmbH", "\(family) Immobilienverwaltung GmbH",
            "\(family) & \(random.pick(People.families)) Hausverwaltungen",
            "Verwaltungskontor \(family) GmbH & Co. KG", "\(family) Immobilien Management GmbH",
            "WEG-Verwaltung \(family) e. K.", "Grundbesitz \(family) GmbH",
            "Wohnbau \(office.name) eG, Büro \(family)",
        ]
        let name = random.pick(patterns)
        let phone = office.phone + padded(random.below(1000), 3)
        let address = Address(
            id: UInt64(id), street: "\(random.pick(Streets.names)) \(random.within(1...140))",
            postalCode: office.postalCode, city: office.name,
            additionalInfo: random.percent(30) ? "\(random.within(1...5)). Etage" : nil,
            account: account)
        // Firms and houses were there in the two years before the first order.
        let since = WorkClock.start - random.within(366...730) * WorkClock.millisecondsPerDay
        self.init(
            id: UInt64(id), accountId: account, internalId: "K-" + padded(id, 5), name: name,
            status: "ACTIVE", statusUpdatedAt: Timestamp(since), telephone: phone,
            addressId: address.id, origin: "API",
            emailAddress: "buero@\(People.ascii(family))-verwaltung.example", address: address)
    }
}

extension House {
    init(id: Int, customer: Int, account: UInt64, address addressId: Int, _ random: inout Random) {
        city = random.below(City.all.count)
        let place = City.all[city]
        let street = random.pick(Streets.names)
        let first = random.within(1...180)
        let number =
            switch random.below(20) {
            case 0...13: "\(first)"
            case 14...17: "\(first)\(random.pick(["a", "b", "c"]))"
            default: "\(first)–\(first + 2 * random.within(1...3))"
            }
        let kinds = [
            "WEG", "WEG", "WEG", "WEG", "Mehrfamilienhaus", "Wohnanlage", "Wohn- und Geschäftshaus",
        ]
        let name = "\(random.pick(kinds)) \(street) \(number)"
        // Four of five houses have their heating costs metered.
        let mscNumber = random.percent(80) ? "00" + padded(1_200_000 + id * 3, 7) : nil
        let additions = ["Hinterhaus", "Vorderhaus", "Eingang Hof", "Haus B", "Seitenflügel links"]
        let address = Address(
            id: UInt64(addressId), street: "\(street) \(number)",
            postalCode: random.pick(place.postalCodes), city: place.name,
            additionalInfo: random.percent(15) ? random.pick(additions) : nil, account: account)
        let since = WorkClock.start - random.within(30...365) * WorkClock.millisecondsPerDay
        property = Property(
            id: UInt64(id), name: name, externalId: UInt64(4_000_000 + id * 7),
            customerId: UInt64(customer), origin: "API", address: address, mscNumber: mscNumber,
            internalId: "OBJ-" + padded(id, 6), createdAt: Timestamp(since),
            updatedAt: Timestamp(since))
    }
}

extension Address {
    init(
        id: UInt64, street: String, postalCode: String, city: String, additionalInfo: String?,
        account: UInt64
    ) {
        self.init(
            id: id, streetAddress: street, postalCode: postalCode, locality: city,
            country: Self.germany, additionalInfo: additionalInfo, accountId: account)
    }

    private static let germany = Country("DE")!
}

extension Timestamp {
    /// A moment of the `WorkClock`.
    init(_ milliseconds: Int) { self.init(milliseconds: Int64(milliseconds)) }
}
