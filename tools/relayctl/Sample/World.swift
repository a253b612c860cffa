import JSON
import RelayContract

/// The customers, properties and units of one account, before any order. Orders refer to it, so
/// that an order's property belongs to its customer and its contact lives in one of the flats.
struct World {
    let seed: UInt64
    let account: UInt64
    let orderCount: Int
    let customers: [Customer]
    let properties: [House]

    var unitCount: Int { properties.count * Limits.unitsPerProperty }

    init(seed: UInt64, account: UInt64, orders: Int) {
        self.seed = seed
        self.account = account
        orderCount = orders
        let propertyCount = max(1, orders.dividedUp(by: Limits.ordersPerProperty))
        let customerCount = max(1, propertyCount.dividedUp(by: Limits.propertiesPerCustomer))
        customers = (1...customerCount).map { id in
            var random = Random(seed: seed, account: account, .customer, UInt64(id))
            return Customer(id: id, account: account, &random)
        }
        properties = (1...propertyCount).map { id in
            var random = Random(seed: seed, account: account, .property, UInt64(id))
            let customer = 1 + (id - 1) / Limits.propertiesPerCustomer
            // Addresses are counted on from the customers'.
            return House(
                id: id, customer: customer, account: account, address: customerCount + id, &random)
        }
    }

    /// A unit by its number in the account: the eight of the first property first.
    func unit(_ id: Int) -> Unit {
        precondition(id >= 1 && id <= unitCount, "no unit \(id)")
        let property = properties[(id - 1) / Limits.unitsPerProperty].property
        let index = (id - 1) % Limits.unitsPerProperty
        var random = Random(seed: seed, account: account, .unit, UInt64(id))
        // A unit is metered only if its house is. Text, not a number: "0010" keeps its zeros.
        let isMetered = property.mscNumber != nil && random.percent(95)
        return Unit(
            propertyId: property.id, id: UInt64(id), name: UnitPlace.all[index].name,
            unitMscNumber: isMetered ? padded(index * 10 + 10, 4) : nil,
            propertyMscNumber: property.mscNumber, createdAt: property.createdAt,
            updatedAt: property.updatedAt)
    }

    func resident(ofUnit id: Int) -> Resident {
        var random = Random(seed: seed, account: account, .resident, UInt64(id))
        return Resident(&random)
    }

    /// One of the three people who look after a customer's houses.
    func employee(of customer: UInt64, _ index: Int) -> String {
        var random = Random(
            seed: seed, account: account, .employee, customer * 3 + UInt64(index))
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

/// A property, and where it is.
struct House {
    /// Index into `City.all`.
    let city: Int
    let property: Property
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

/// A number with as many zeros before it as the width asks for.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension Int {
    fileprivate func dividedUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
