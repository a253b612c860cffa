/// The customers, properties and units of one account, before any order. Orders refer to it, so
/// that an order's property belongs to its customer and its contact lives in one of the flats.
struct World {
    let seed: UInt64
    let account: UInt64
    let orderCount: Int
    let customers: [SampleCustomer]
    let properties: [SampleProperty]

    var unitCount: Int { properties.count * Limits.unitsPerProperty }

    init(seed: UInt64, account: UInt64, orders: Int) {
        self.seed = seed
        self.account = account
        orderCount = orders
        let propertyCount = max(1, orders.dividedUp(by: Limits.ordersPerProperty))
        let customerCount = max(1, propertyCount.dividedUp(by: Limits.propertiesPerCustomer))
        customers = (1...customerCount).map {
            var random = Random(seed: seed, account: account, .customer, UInt64($0))
            return SampleCustomer(id: $0, &random)
        }
        properties = (1...propertyCount).map {
            var random = Random(seed: seed, account: account, .property, UInt64($0))
            let customer = 1 + ($0 - 1) / Limits.propertiesPerCustomer
            return SampleProperty(
                id: $0, customer: customer, addressId: customerCount + $0, &random)
        }
    }

    /// A unit by its number in the account: the eight of the first property first.
    func unit(_ id: Int) -> SampleUnit {
        precondition(id >= 1 && id <= unitCount, "no unit \(id)")
        let property = properties[(id - 1) / Limits.unitsPerProperty]
        let index = (id - 1) % Limits.unitsPerProperty
        var random = Random(seed: seed, account: account, .unit, UInt64(id))
        return SampleUnit(id: id, property: property, place: UnitPlace.all[index], &random)
    }

    func resident(ofUnit id: Int) -> Resident {
        var random = Random(seed: seed, account: account, .resident, UInt64(id))
        return Resident(&random)
    }

    /// One of the three people who look after a customer's houses.
    func employee(of customer: Int, _ index: Int) -> String {
        var random = Random(seed: seed, account: account, .employee, UInt64(customer * 3 + index))
        let isWoman = random.percent(60)
        return random.pick(isWoman ? People.women : People.men) + " " + random.pick(People.families)
    }

    /// A company of a trade that works where the property is. There are four of each in a city.
    func company(_ trade: Int, city: Int, _ index: Int) -> String {
        let id = (city * Trade.all.count + trade) * 4 + index
        // The same companies work for every account of a seed.
        var random = Random(seed: seed, account: 0, .company, UInt64(id))
        let form = random.pick(["GmbH", "GmbH", "GmbH & Co. KG", "e. K.", "OHG"])
        return "\(random.pick(People.families)) \(Trade.all[trade].company) \(form)"
    }
}

struct SampleAddress {
    let id: Int
    let street: String
    let postalCode: String
    let city: String
    let additionalInfo: String?
}

/// A property management firm.
struct SampleCustomer {
    let id: Int
    let name: String
    let internalId: String
    let phone: String
    let email: String
    let address: SampleAddress
    let createdAt: Int

    init(id: Int, _ random: inout Random) {
        self.id = id
        let family = random.pick(People.families)
        let office = random.pick(City.offices)
        let patterns = [
            "Hausverwaltung \(family) GmbH", "\(family) Immobilienverwaltung GmbH",
            "\(family) & \(random.pick(People.families)) Hausverwaltungen",
            "Verwaltungskontor \(family) GmbH & Co. KG", "\(family) Immobilien Management GmbH",
            "WEG-Verwaltung \(family) e. K.", "Grundbesitz \(family) GmbH",
            "Wohnbau \(office.name) eG, Büro \(family)",
        ]
        name = random.pick(patterns)
        internalId = "K-" + Self.padded(id, 5)
        phone = office.phone + Self.padded(random.below(1000), 3)
        email = "buero@\(People.ascii(family))-verwaltung.example"
        address = SampleAddress(
            id: id, street: "\(random.pick(Streets.names)) \(random.within(1...140))",
            postalCode: office.postalCode, city: office.name,
            additionalInfo: random.percent(30) ? "\(random.within(1...5)). Etage" : nil)
        // Firms and houses were there in the two years before the first order.
        createdAt = WorkClock.start - random.within(366...730) * WorkClock.millisecondsPerDay
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

struct SampleProperty {
    let id: Int
    let customerId: Int
    let name: String
    let internalId: String
    let externalId: Int
    let mscNumber: String?
    /// Index into `City.all`.
    let city: Int
    let address: SampleAddress
    let createdAt: Int

    init(id: Int, customer: Int, addressId: Int, _ random: inout Random) {
        self.id = id
        customerId = customer
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
        name = "\(random.pick(kinds)) \(street) \(number)"
        internalId = "OBJ-" + SampleCustomer.padded(id, 6)
        externalId = 4_000_000 + id * 7
        // Four of five houses have their heating costs metered.
        mscNumber = random.percent(80) ? "00" + SampleCustomer.padded(1_200_000 + id * 3, 7) : nil
        let additions = ["Hinterhaus", "Vorderhaus", "Eingang Hof", "Haus B", "Seitenflügel links"]
        address = SampleAddress(
            id: addressId, street: "\(street) \(number)",
            postalCode: random.pick(place.postalCodes), city: place.name,
            additionalInfo: random.percent(15) ? random.pick(additions) : nil)
        createdAt = WorkClock.start - random.within(30...365) * WorkClock.millisecondsPerDay
    }
}

/// Where in the house a unit is.
struct UnitPlace {
    let name: String
    let floor: String

    static let all: [UnitPlace] = ["EG", "1. OG", "2. OG", "DG"].enumerated().flatMap {
        (index, level) in
        ["links", "rechts"].enumerated().map { (side, word) in
            let floor = "\(level) \(word)"
            return UnitPlace(name: "WE 0\(index * 2 + side + 1), \(floor)", floor: floor)
        }
    }
}

struct SampleUnit {
    let id: Int
    let propertyId: Int
    let name: String
    let mscNumber: String?
    let createdAt: Int

    init(id: Int, property: SampleProperty, place: UnitPlace, _ random: inout Random) {
        self.id = id
        propertyId = property.id
        name = place.name
        // Text, not a number: "0010" keeps its zeros. A unit is metered only if its house is.
        let number = (id - 1) % Limits.unitsPerProperty + 1
        let isMetered = property.mscNumber != nil && random.percent(95)
        mscNumber = isMetered ? SampleCustomer.padded(number * 10, 4) : nil
        createdAt = property.createdAt
    }
}

extension Int {
    fileprivate func dividedUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
