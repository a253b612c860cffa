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
    mutating func next() -> SampleOrder? {
        guard written < world.orderCount else { return nil }
        written += 1
        var random = Random(
            seed: world.seed, account: world.account, .order, UInt64(written))
        let property = random.pick(world.properties)
        let tradeIndex = random.below(Trade.all.count)
        let trade = Trade.all[tradeIndex]
        let story = random.pick(trade.cases)
        let index = random.below(Limits.unitsPerProperty)
        let resident = world.resident(
            ofUnit: (property.id - 1) * Limits.unitsPerProperty + index + 1)
        let createdAt = WorkClock.moment(written - 1, of: world.orderCount)
        let appointment = WorkClock.later(
            than: createdAt, by: random.within(1...8) * WorkClock.hours)
        let facts = Facts(
            resident: resident, unit: UnitPlace.all[index],
            company: world.company(tradeIndex, city: property.city, random.below(4)),
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
        at createdAt: Int, property: SampleProperty, _ random: inout Random
    ) -> SampleOrder {
        let age = (WorkClock.end - createdAt) / WorkClock.millisecondsPerDay
        let types = [
            "REPAIR", "REPAIR", "REPAIR", "REPAIR", "MAINTENANCE", "INSPECTION", "OFFER",
            "WARRANTY",
        ]
        let year = WorkClock.year(createdAt)
        return SampleOrder(
            id: written, title: "", status: Self.status(age: age, &random),
            type: random.pick(types), address: property.address, propertyId: property.id,
            customerId: property.customerId, createdAt: createdAt, updatedAt: createdAt,
            dueDate: random.percent(60)
                ? WorkClock.later(than: createdAt, by: random.within(5...25) * WorkClock.hours)
                : nil,
            followUpDate: random.percent(20)
                ? WorkClock.later(than: createdAt, by: random.within(2...15) * WorkClock.hours)
                : nil,
            internalId: "\(year)-\(SampleCustomer.padded(written, 7))",
            isInternal: random.percent(10),
            taskId: random.percent(30) ? "T-\(random.within(10_000...999_999))" : nil,
            casaviOrderId: random.percent(30) ? 2_000_000 + written : nil,
            casaviTicketId: random.percent(30) ? 7_000_000 + written : nil)
    }

    /// Most old orders are done; of the last two months many are not.
    private static func status(age: Int, _ random: inout Random) -> SampleOrder.Status {
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
        to order: inout SampleOrder, trade: Trade, story: Trade.Case, facts: Facts,
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

    private mutating func addField(_ name: String, _ content: String, to order: inout SampleOrder) {
        fields += 1
        order.fields.append(
            .init(id: fields, position: order.fields.count + 1, name: name, content: content))
    }

    private mutating func addContact(
        to order: inout SampleOrder, _ resident: Resident, _ random: inout Random
    ) {
        contacts += 1
        order.contacts.append(
            .init(
                id: contacts, type: resident.isOwner ? "OWNER" : "TENANT", name: resident.name,
                mobile: resident.phone, email: resident.email))
        guard random.percent(8) else { return }
        // Somebody who can open the door when the resident is at work.
        var caretaker = Resident(&random)
        while caretaker.name == resident.name { caretaker = Resident(&random) }
        contacts += 1
        order.contacts.append(
            .init(
                id: contacts, type: "CARETAKER", name: caretaker.name, mobile: caretaker.phone,
                email: caretaker.email))
    }

    private mutating func add(_ line: Conversation.Line, to order: inout SampleOrder) {
        comments += 1
        order.comments.append(
            .init(
                id: comments, text: line.text, author: line.author, statusChange: line.status,
                attachments: line.file.map { [.init(name: $0, updatedAt: line.time)] } ?? [],
                createdAt: line.time))
        // Nothing happens to an order after its last comment.
        order.updatedAt = line.time
    }
}
