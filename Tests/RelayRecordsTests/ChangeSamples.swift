import CivilTime
import JSON
import RelayContract
import RelayStore
import Testing

@testable import RelayRecords

/// One change of each kind, with every member that it can have.
enum ChangeSamples {
    private static let time = Timestamp(milliseconds: 1_767_225_600_123)
    private static let address = AddressInput(
        id: 9, streetAddress: "Deich 1", postalCode: "20095", locality: "Köln",
        country: Country("DE"), additionalInfo: "2. OG", accountId: 1)

    static func all() throws -> [any RecordChange] {
        [
            CreateAddress(
                NewAddress(
                    streetAddress: "Deich 1", postalCode: "20095", locality: "a \"b\" \\ \u{1}",
                    country: Country("AT")!, additionalInfo: "x")),
            UpsertCustomer(
                CustomerUpsert(
                    casaviAccountId: 9_007_199_254_740_991,
                    customer: CustomerInput(
                        internalId: "i", id: 2, externalId: "e", name: "n", telephone: "030",
                        emailAddress: "a@b.de", address: address))),
            UpsertProperties(
                PropertyUpsert(
                    casaviAccountId: 7,
                    properties: [
                        PropertyInput(
                            id: 1, name: "n", address: address, mscNumber: "0010",
                            internalId: "i", externalId: 3, customerId: 2),
                        PropertyInput(id: 5, name: "m"),
                    ])),
            DeleteProperty(1, .exists),
            UpsertUnits(
                UnitUpsert(units: [
                    UnitInput(id: 1, propertyId: 2, name: "WE", unitMscNumber: "0010")
                ])),
            CreateOrder(order),
            UpdateOrder(
                4,
                OrderPatch(
                    status: .finished, dueDate: time, internalId: "i", address: address),
                .versions([1])),
            CreateComment(
                4, NewComment(text: "t", authorName: "a", status: .inProgress),
                [try file(1), try file(2)]),
            CreateDocument(
                NewDocument(
                    title: "t", propertyId: 1, internalPropertyId: "p", customerId: 2,
                    internalCustomerId: "c")),
            CreateDocumentAttachment(5, try file(3), try metadata()),
            CreateOrderField(
                OrderFieldAddition(name: "n", content: "c", position: 3, orderId: 4)),
            CreateContactPerson(
                ContactPersonAddition(
                    name: "n", type: "t", telephone: "1", mobile: "2", email: "a@b.de",
                    orderId: 4)),
            CreateAppointment(
                NewAppointment(
                    title: "t", description: "d", dateStart: WallTime(seconds: 63_000_000_000),
                    dateEnd: WallTime(seconds: 63_000_000_060), location: "l", customerId: 2)),
            UpdateAppointment(
                6,
                AppointmentPatch(
                    title: "t", description: "d", dateStart: WallTime(seconds: 63_000_000_000),
                    dateEnd: WallTime(seconds: 63_000_000_060), location: "l", customerId: 2),
                .none),
            DeleteAppointment(6, .none),
            ConsumeEed(delivery),
            ConsumeEedBatch(try batchOfEed(), isAtomic: false),
            LoadDatedRecords(try batch()),
            LoadRecords(try batch()),
        ] + deletionsAndParts
    }

    private static var deletionsAndParts: [any RecordChange] {
        [
            DeleteOrder(4, .exists), DeleteCustomer(2, .none), DeleteUnit(2, .none),
            DeleteDocument(5, .none), DeleteAttachment(7, .none),
            UpdateComment(4, 9, CommentPatch(text: "t"), .versions([1])),
            DeleteComment(4, 9, .none),
            UpdateOrderField(
                3, OrderFieldPatch(name: "n", content: "c", position: 2), .exists),
            DeleteOrderField(3, .none),
            UpdateContactPerson(
                8,
                ContactPersonPatch(
                    name: "n", type: "t", telephone: "1", email: "a@b.de", removed: .mobile),
                .none),
            DeleteContactPerson(8, .none), UpdateDocument(5, DocumentPatch(title: "t"), .none),
        ]
    }

    private static var order: NewOrder {
        NewOrder(
            title: "t", status: .prepare, address: address, dueDate: time, followUpDate: time,
            internalId: "i", isInternal: false, type: "REPAIR", taskId: "k", propertyId: 1,
            casaviOrderId: 2, casaviTicketId: 3,
            fields: [NewOrderField(position: 0, name: "n", content: "c")],
            contactPersons: [
                NewContactPerson(type: "t", name: "n", telephone: "1", mobile: "2", email: "a@b.de")
            ], customerId: 2)
    }

    private static var delivery: EedDelivery {
        EedDelivery(
            propertyId: 1, unitId: 2, customerId: 3, period: CalendarMonth(number: 24_000),
            mscName: "m",
            consumptions: [
                EedConsumption(
                    service: .heating, unitofmeasure: .kwh, converted: true, amount: 0.1,
                    errors: true, remarkcodes: [.incomplete])
            ],
            benchmarks: [EedBenchmark(service: .cooling, unitofmeasure: .m3, amount: 1e300)])
    }

    /// One that is valid and one that is not.
    private static func batchOfEed() throws -> CheckedEedBatch {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("deliveries")
        writer.beginArray()
        delivery.write(to: &writer)
        writer.value(1)
        writer.endArray()
        writer.endObject()
        // SAFETY: read during the call.
        return try #require(
            writer.bytes.withUnsafeBytes { CheckedEedBatch(stored: $0, parser: JSONParser()) })
    }

    private static func file(_ number: UInt64) throws -> UploadedFile {
        let digest = BlobDigest(words: SIMD4(number, 2, 3, .max))
        return UploadedFile(
            name: "Plan \(number).pdf", type: "application/pdf", content: number,
            byteCount: 1_000, digest: digest)
    }

    private static func metadata() throws -> FreeObject {
        // SAFETY: read during the call.
        try #require(
            Array("{\"a\":[1,null,\"ä\"]}".utf8).withUnsafeBytes {
                FreeObject(stored: $0, parser: JSONParser())
            })
    }

    /// A load of one order.
    private static func batch() throws -> LoadBatch {
        let line = """
            {"account":1,"resource":"order","id":1,"document":{"id":1,"title":"t","status":"OPEN",\
            "createdAt":"2020-01-01T00:00:00.000Z","updatedAt":"2021-01-01T00:00:00.000Z",\
            "fields":[],"attachments":[],"comments":[],"contactPersons":[]}}
            """
        return try #require(DumpReader().read(Array(line.utf8)).batches.first)
    }
}
