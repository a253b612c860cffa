import CivilTime
import JSON
import RelayContract

/// Writes the orders of one account, first to last. What an order's random choices are depends on
/// its number alone; only the ids of its parts are counted on from the order before.
struct OrderBook {
    let world: World
    private(set) var written = 0
    private(set) var fields = 0
    private(set) var comments = 0
    private(set) var contacts = 0

    init(world: World) { self.world = world }

    /// The next order; nil after the last one.
    mutating func next() -> Order? {
        guard written < world.orderCount else { return nil }
        written += 1
        var random = Random(
            seed: world.seed, account: world.account, .order, UInt64(written))
        let house = random.pick(world.properties)
        let property = house.property
        let tradeIndex = random.below(Trade.all.count)
        let trade = Trade.all[tradeIndex]
        let story = random.pick(trade.cases)
        let index = random.below(Limits.unitsPerProperty)
        let resident = world.resident(
            ofUnit: (Int(property.id) - 1) * Limits.unitsPerProperty + index + 1)
        let createdAt = WorkClock.moment(written - 1, of: world.orderCount)
        let appointment = WorkClock.later(
            than: createdAt, by: random.within(1...8) * WorkClock.hours)
        let facts = Facts(
            resident: resident, unit: UnitPlace.all[index],
            company: world.company(tradeIndex, city: house.city, random.below(4)),
            day: WorkClock.letterDate(appointment), hours: random.pick(Letters.hours),
            employee: world.employee(of: property.customerId, random.below(3)),
            amount: Self.amount(&random))
        var order = blank(at: createdAt, property: property, &random)
        order.title = story.title.filled(with: facts)
        addFields(to: &order, trade: trade, story: story, facts: facts, &random)
        addContact(to: &order, resident, &random)
        let talk = Conversation(
            story: story, facts: facts, status: order.status, createdAt: createdAt,
            appointment: appointment)
        for comment in talk.comments(&random) { add(comment, to: &order) }
        return order
    }

    private func blank(
        at createdAt: Int, property: Property, _ random: inout Random
    ) -> Order {
        let age = (WorkClock.end - createdAt) / WorkClock.millisecondsPerDay
        let types = [
            "REPAIR", "REPAIR", "REPAIR", "REPAIR", "MAINTENANCE", "INSPECTION", "OFFER",
            "WARRANTY",
        ]
        func later(_ share: Int, days: ClosedRange<Int>, _ random: inout Random) -> Timestamp? {
            guard random.percent(share) else { return nil }
            let time = random.within(days) * WorkClock.hours
            return Timestamp(WorkClock.later(than: createdAt, by: time))
        }
        return Order(
            id: UInt64(written), title: "", status: Self.status(age: age, &random),
            address: property.address, dueDate: later(60, days: 5...25, &random),
            followUpDate: later(20, days: 2...15, &random), createdAt: Timestamp(createdAt),
            updatedAt: Timestamp(createdAt),
            internalId: "\(WorkClock.year(createdAt))-\(padded(written, 7))",
            isInternal: random.percent(10), type: random.pick(types),
            taskId: random.percent(30) ? "T-\(random.within(10_000...999_999))" : nil,
            propertyId: property.id,
            casaviOrderId: random.percent(30) ? UInt64(2_000_000 + written) : nil,
            casaviTicketId: random.percent(30) ? UInt64(7_000_000 + written) : nil,
            fields: [], attachments: [], comments: [], contactPersons: [],
            customerId: property.customerId)
    }

    /// Most old orders are done; of the last two months many are not.
    private static func status(age: Int, _ random: inout Random) -> OrderStatus {
        let chance = random.below(100)
        if age > 60 {
            return switch chance {
            case ..<86: .finished
            case ..<93: .declined
            case ..<97: .inProgress
            case ..<99: .open
            default: .null
            }
        }
        return switch chance {
        case ..<35: .open
        case ..<65: .inProgress
        case ..<90: .finished
        case ..<94: .declined
        default: .prepare
        }
    }

    private static func amount(_ random: inout Random) -> String {
        let cents = random.below(100)
        return "\(random.within(64...980)),\(cents < 10 ? "0" : "")\(cents) €"
    }

    private mutating func addFields(
        to order: inout Order, trade: Trade, story: Trade.Case, facts: Facts,
        _ random: inout Random
    ) {
        addField("Beschreibung", story.report.filled(with: facts), to: &order)
        addField("Gewerk", trade.name, to: &order)
        if !trade.isShared, random.percent(40) {
            addField("Lage", facts.unit.name, to: &order)
        }
        if random.percent(20) {
            addField("Erreichbarkeit", random.pick(Letters.reachable), to: &order)
        }
        if random.percent(15) { addField("Kostenstelle", random.pick(Letters.budgets), to: &order) }
    }

    private mutating func addField(_ name: String, _ content: String, to order: inout Order) {
        fields += 1
        order.fields.append(
            OrderField(
                id: UInt64(fields), position: order.fields.count, name: name, content: content))
    }

    private mutating func addContact(
        to order: inout Order, _ resident: Resident, _ random: inout Random
    ) {
        addContact(resident, type: resident.isOwner ? "OWNER" : "TENANT", to: &order)
        guard random.percent(8) else { return }
        // Somebody who can open the door when the resident is at work.
        var caretaker = Resident(&random)
        while caretaker.name == resident.name { caretaker = Resident(&random) }
        addContact(caretaker, type: "CARETAKER", to: &order)
    }

    private mutating func addContact(_ person: Resident, type: String, to order: inout Order) {
        contacts += 1
        order.contactPersons.append(
            ContactPerson(
                type: type, name: person.name, id: UInt64(contacts), mobile: person.phone,
                emailAddress: person.email))
    }

    private mutating func add(_ line: Conversation.Line, to order: inout Order) {
        comments += 1
        let time = Timestamp(line.time)
        // A sample has no bytes to its files, and therefore no ids to fetch them by.
        let files = line.file.map { name in
            let type = name.hasSuffix(".pdf") ? "application/pdf" : "image/jpeg"
            return [Attachment(name: name, itemType: type, updatedAt: time)]
        }
        order.comments.append(
            Comment(
                id: UInt64(comments), text: line.text, orderId: order.id, author: line.author,
                statusChange: line.status, attachments: files ?? [], createdAt: time))
        // An order's files are those of its comments, and nothing happens to it after the last.
        order.attachments += files ?? []
        order.updatedAt = time
    }
}
