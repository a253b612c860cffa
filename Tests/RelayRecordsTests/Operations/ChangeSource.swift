import CivilTime
import JSON
import RelayContract
import RelayStore
import TestSupport

@testable import RelayRecords

/// Random changes of every kind, all of them valid by the schemas: most of them happen, some are refused, because names and ids are
/// drawn from ranges that are partly used.
struct ChangeSource {
    var random: SplitMix

    /// The range that ids are drawn from; the test widens it as records come to be.
    var largestID: UInt64 = 3

    /// Whose records the next changes are about: a load names its account.
    var account: UInt32 = 1

    init(seed: UInt64) { random = SplitMix(state: seed) }

    private static let texts = [
        "a", "Hausverwaltung Nord", "Müller & Söhne", "Mu\u{308}ller", "0010", "line\nbreak",
        "quote\" \\ backslash", "🏠 Haus", "\u{0}\u{1F}\u{7F}", "/slash/", "null", " x ",
    ]

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    private mutating func maybe<Value>(
        _ percent: Int, _ value: (inout Self) -> Value
    ) -> Value? {
        chance(percent) ? value(&self) : nil
    }

    private mutating func text() -> String { Self.texts.randomElement(using: &random)! }

    private mutating func name() -> String { "n\(Int.random(in: 1...60, using: &random))" }

    private mutating func id() -> UInt64 { UInt64.random(in: 1...largestID, using: &random) }

    /// Any number that a client's own id may be, up to 2⁵³−1.
    private mutating func foreignNumber() -> UInt64 {
        chance(20) ? 9_007_199_254_740_991 : UInt64.random(in: 1...1_000, using: &random)
    }

    mutating func time() -> Timestamp {
        let range = Timestamp.earliest.milliseconds...Timestamp.latest.milliseconds
        return Timestamp(milliseconds: Int64.random(in: range, using: &random))
    }

    private mutating func status() -> OrderStatus {
        [.open, .inProgress, .finished, .declined, .null, .prepare].randomElement(using: &random)!
    }

    private mutating func address() -> AddressInput {
        if chance(40) { return AddressInput(id: id(), locality: maybe(50) { $0.text() }) }
        let country = Country(["DE", "AT", "CH"].randomElement(using: &random)!)
        return AddressInput(
            streetAddress: text(), postalCode: text(), locality: text(), country: country,
            additionalInfo: maybe(30) { $0.text() }, accountId: maybe(10) { $0.id() })
    }

    /// How often a change of a kind comes among those that `next` draws: not at all if it needs a
    /// file, or only an earlier program made it.
    private static func weight(_ kind: ChangeKind) -> Int {
        switch kind {
        case .upsertCustomer, .upsertUnits: 17
        case .upsertProperties: 20
        case .deleteProperty, .createOrder: 11
        case .createAddress, .consumeEed, .updateOrder: 6
        case .createDocumentAttachment, .deleteAttachment, .loadDatedRecords: 0
        default: 3
        }
    }

    /// Kinds as often as their weight.
    private static let kinds = ChangeKind.allCases.flatMap {
        Array(repeating: $0, count: weight($0))
    }

    /// A change that can be applied, and again from its record.
    mutating func next() -> any RecordChange {
        let kind = Self.kinds.randomElement(using: &random)!
        if kind == .createComment { return CreateComment(id(), comment(), []) }
        return next(of: kind)
    }

    /// A change of a kind.
    mutating func next(of kind: ChangeKind) -> any RecordChange {
        switch kind {
        case .createAddress:
            return CreateAddress(
                NewAddress(
                    streetAddress: text(), postalCode: text(), locality: text(),
                    country: Country("DE")!, additionalInfo: maybe(50) { $0.text() }))
        case .upsertCustomer: return UpsertCustomer(customer())
        case .upsertProperties:
            let count = Int.random(in: 1...4, using: &random)
            return UpsertProperties(
                PropertyUpsert(
                    casaviAccountId: maybe(30) { $0.foreignNumber() },
                    properties: (0..<count).map { _ in property() }))
        case .deleteProperty: return DeleteProperty(id(), chance(80) ? .none : .exists)
        case .upsertUnits:
            let count = Int.random(in: 1...5, using: &random)
            return UpsertUnits(UnitUpsert(units: (0..<count).map { _ in unit() }))
        case .createOrder: return CreateOrder(order())
        case .updateOrder:
            return UpdateOrder(id(), patch(), chance(80) ? .none : .versions([id()]))
        case .createComment:
            let count = Int.random(in: 0...2, using: &random)
            return CreateComment(id(), comment(), (0..<count).map { _ in file() })
        case .createDocument:
            return CreateDocument(NewDocument(title: text(), propertyId: id(), customerId: few()))
        case .createDocumentAttachment: return CreateDocumentAttachment(id(), file(), nil)
        case .createOrderField: return CreateOrderField(field())
        case .createContactPerson: return CreateContactPerson(person())
        case .createAppointment: return CreateAppointment(appointment())
        case .updateAppointment:
            let patch = AppointmentPatch(
                title: text(), customerId: maybe(50) { $0.id() },
                removed: chance(30) ? .description : [])
            return UpdateAppointment(few(), patch, chance(80) ? .none : .exists)
        case .deleteAppointment: return DeleteAppointment(id(), chance(80) ? .none : .exists)
        case .consumeEed: return ConsumeEed(delivery())
        case .consumeEedBatch:
            let count = Int.random(in: 1...3, using: &random)
            let deliveries = (0..<count).map { _ in delivery() }
            return ConsumeEedBatch(CheckedEedBatch(deliveries), isAtomic: chance(50))
        case .deleteOrder: return DeleteOrder(id(), chance(80) ? .none : .exists)
        case .deleteCustomer: return DeleteCustomer(id(), .none)
        case .deleteUnit: return DeleteUnit(id(), .none)
        case .deleteDocument: return DeleteDocument(few(), .none)
        case .deleteAttachment: return DeleteAttachment(id(), .none)
        case .updateComment: return UpdateComment(id(), id(), CommentPatch(text: text()), .none)
        case .deleteComment: return DeleteComment(id(), id(), .none)
        case .updateOrderField:
            let patch = OrderFieldPatch(name: maybe(50) { $0.text() }, position: 3)
            return UpdateOrderField(id(), patch, .none)
        case .deleteOrderField: return DeleteOrderField(id(), .none)
        case .updateContactPerson:
            let patch = ContactPersonPatch(
                name: text(), mobile: maybe(50) { $0.text() },
                removed: chance(50) ? .telephone : [])
            return UpdateContactPerson(id(), patch, .none)
        case .deleteContactPerson: return DeleteContactPerson(id(), .none)
        case .updateDocument:
            return UpdateDocument(id(), DocumentPatch(title: text()), .none)
        case .loadDatedRecords: return LoadDatedRecords(batch())
        case .loadRecords: return LoadRecords(batch())
        }
    }

    private mutating func comment() -> NewComment {
        NewComment(text: text(), authorName: text(), status: maybe(50) { $0.status() })
    }

    private mutating func file() -> UploadedFile {
        UploadedFile(
            name: text(), type: "application/pdf", content: id(), byteCount: 9,
            digest: BlobDigest(words: SIMD4(id(), 0, .max, id())))
    }

    private mutating func appointment() -> NewAppointment {
        let start = UInt64.random(in: 63_000_000_000..<63_000_900_000, using: &random)
        return NewAppointment(
            title: text(), description: maybe(50) { $0.text() },
            dateStart: WallTime(seconds: start), dateEnd: WallTime(seconds: start + 60),
            location: text(), customerId: id())
    }

    /// A load of one order.
    private mutating func batch() -> LoadBatch {
        let id = id()
        let line = """
            {"account":\(account),"resource":"order","id":\(id),"document":{"id":\(id),"title":"\(name())",\
            "status":"OPEN","createdAt":"2020-01-01T00:00:00.000Z",\
            "updatedAt":"2021-01-01T00:00:00.000Z","fields":[],"attachments":[],"comments":[],"contactPersons":[]}}
            """
        return DumpReader().read(Array(line.utf8)).batches[0]
    }

    private mutating func customer() -> CustomerUpsert {
        var customer = CustomerInput(
            internalId: maybe(40) { $0.name() }, id: maybe(30) { $0.id() },
            externalId: maybe(40) { $0.name() }, name: maybe(90) { $0.text() },
            telephone: maybe(30) { $0.text() }, emailAddress: maybe(30) { _ in "a@b.de" },
            address: maybe(40) { $0.address() })
        // Whoever is not named is new, and then the schema asks for more.
        if customer.id == nil, customer.externalId == nil, customer.internalId == nil {
            customer.name = text()
        }
        return CustomerUpsert(casaviAccountId: maybe(30) { $0.foreignNumber() }, customer: customer)
    }

    private mutating func property() -> PropertyInput {
        var property = PropertyInput(
            id: maybe(40) { $0.id() }, name: maybe(90) { $0.text() },
            address: maybe(30) { $0.address() }, mscNumber: maybe(40) { $0.text() },
            internalId: maybe(30) { $0.name() }, externalId: maybe(30) { $0.foreignNumber() },
            customerId: maybe(90) { $0.id() })
        if property.id == nil, property.externalId == nil, property.internalId == nil {
            property.name = text()
            property.customerId = id()
        }
        return property
    }

    private mutating func unit() -> UnitInput {
        let known = maybe(30) { $0.id() }
        if known == nil {
            return UnitInput(
                propertyId: id(), name: text(), unitMscNumber: maybe(40) { $0.text() })
        }
        return UnitInput(
            id: known, propertyId: maybe(70) { $0.id() }, name: maybe(80) { $0.text() },
            unitMscNumber: maybe(40) { $0.text() })
    }

    private mutating func order() -> NewOrder {
        let fields = (0..<Int.random(in: 0...3, using: &random)).map { position in
            NewOrderField(position: position, name: text(), content: text())
        }
        let persons = (0..<Int.random(in: 0...2, using: &random)).map { _ in
            NewContactPerson(
                type: text(), name: text(), telephone: maybe(50) { $0.text() }, email: "a@b.de")
        }
        return NewOrder(
            title: text(), status: maybe(50) { $0.status() }, address: maybe(20) { $0.address() },
            dueDate: maybe(50) { $0.time() }, followUpDate: maybe(20) { $0.time() },
            internalId: maybe(30) { $0.text() }, isInternal: maybe(30) { $0.chance(50) },
            type: maybe(30) { $0.text() }, taskId: maybe(30) { $0.text() },
            propertyId: maybe(50) { $0.id() }, casaviOrderId: maybe(30) { $0.foreignNumber() },
            casaviTicketId: maybe(30) { $0.foreignNumber() },
            fields: chance(80) ? fields : nil, contactPersons: chance(80) ? persons : nil,
            customerId: maybe(50) { $0.id() })
    }

    private mutating func field() -> OrderFieldAddition {
        let position = Int.random(in: 0...9, using: &random)
        return OrderFieldAddition(
            name: text(), content: text(), position: position, orderId: id())
    }

    private mutating func person() -> ContactPersonAddition {
        ContactPersonAddition(
            name: text(), type: text(), telephone: maybe(50) { $0.text() },
            mobile: maybe(50) { $0.text() }, email: "a@b.de", orderId: id())
    }

    /// An id that records are likely to share.
    private mutating func few() -> UInt64 { chance(85) ? 1 : id() }

    private mutating func delivery() -> EedDelivery {
        let consumption = EedConsumption(
            service: .heating, unitofmeasure: chance(70) ? .kwh : .hcu,
            converted: maybe(50) { $0.chance(50) }, amount: maybe(50) { _ in 0.1 },
            errors: true, remarkcodes: maybe(30) { _ in [.incomplete] })
        let count = Int.random(in: 0...1, using: &random)
        return EedDelivery(
            propertyId: few(), unitId: few(), customerId: few(),
            period: CalendarMonth(number: Int.random(in: 12..<24_000, using: &random)),
            mscName: text(), consumptions: (0..<count).map { _ in consumption },
            benchmarks: chance(50)
                ? [] : [EedBenchmark(service: .cooling, unitofmeasure: .m3, amount: 1e300)])
    }

    private mutating func patch() -> OrderPatch {
        if chance(20) { return OrderPatch(address: address()) }
        var patch = OrderPatch(
            status: status(), dueDate: maybe(50) { $0.time() },
            internalId: maybe(30) { $0.text() }, address: maybe(30) { $0.address() },
            type: maybe(30) { $0.text() }, propertyId: maybe(20) { $0.few() },
            fields: maybe(20) { [NewOrderField(position: 0, name: $0.text(), content: "c")] },
            customerId: maybe(20) { $0.few() })
        // null has no value beside it.
        if chance(30) {
            patch.removed = [.followUpDate, .taskId, .isInternal]
            if patch.dueDate == nil { patch.removed.insert(.dueDate) }
            if patch.internalId == nil { patch.removed.insert(.internalId) }
            if patch.type == nil { patch.removed.insert(.type) }
            if patch.propertyId == nil { patch.removed.insert(.propertyId) }
            if patch.customerId == nil { patch.removed.insert(.customerId) }
        }
        return patch
    }
}
