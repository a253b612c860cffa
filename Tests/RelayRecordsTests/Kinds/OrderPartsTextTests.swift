import CivilTime
import JSON
import RelayContract
import RelayStore
import TestSupport
import Testing

@testable import RelayRecords

@Suite("An order that is changed without its parts")
struct OrderPartsTextTests {
    /// Texts that look like what begins and ends the parts.
    private static let texts = [
        "", "t", "ä€", "[", "]", #"""#, #"\"#, #""fields":["#, #","fields":[],"attachments":[]"#,
        #"],"contactPersons":[]"#, #"\"fields\":["#, "]}", #"],"customerId":7"#, "\n[\t]",
    ]

    /// Orders with all members or few.
    private struct Orders {
        var random = SplitMix(state: 3)

        mutating func text() -> String { texts.randomElement(using: &random)! }

        mutating func maybe<Value>(_ value: Value) -> Value? {
            Bool.random(using: &random) ? value : nil
        }

        mutating func number() -> UInt64 { UInt64.random(in: 1...1 << 40, using: &random) }

        mutating func few<Value>(_ make: (inout Self) -> Value) -> [Value] {
            (0..<Int.random(in: 0...3, using: &random)).map { _ in make(&self) }
        }

        mutating func attachment() -> RelayContract.Attachment {
            RelayContract.Attachment(
                id: number(), name: text(), itemType: text(), updatedAt: RecordFixture.time)
        }

        mutating func order() -> Order {
            let address = Address(
                id: number(), streetAddress: text(), postalCode: text(), locality: text(),
                country: Country("DE")!, additionalInfo: text(), accountId: 1)
            return Order(
                id: number(), title: text(), status: .open, address: maybe(address),
                dueDate: maybe(RecordFixture.time), followUpDate: maybe(RecordFixture.time),
                createdAt: RecordFixture.time, updatedAt: RecordFixture.time,
                internalId: maybe(text()), isInternal: maybe(true), type: maybe(text()),
                taskId: maybe(text()), propertyId: maybe(number()),
                casaviOrderId: maybe(number()), casaviTicketId: maybe(number()),
                fields: few {
                    OrderField(id: $0.number(), position: 1, name: $0.text(), content: $0.text())
                },
                attachments: few { $0.attachment() },
                comments: few {
                    Comment(
                        id: $0.number(), text: $0.text(), orderId: 1, author: $0.text(),
                        attachments: $0.few { $0.attachment() }, createdAt: RecordFixture.time)
                },
                contactPersons: few {
                    ContactPerson(type: $0.text(), name: $0.text(), id: $0.number())
                },
                customerId: maybe(number()))
        }
    }

    @Test("is read without them, whatever its texts are, and written with them as they were.")
    func cutting() throws {
        var orders = Orders()
        let parser = JSONParser()
        for _ in 0..<5_000 {
            let order = orders.order()
            var expected = order
            (expected.fields, expected.attachments) = ([], [])
            (expected.comments, expected.contactPersons) = ([], [])
            var rest: [UInt8] = []
            // SAFETY: the arrays' own bytes, during the calls.
            let parts = order.json.withUnsafeBytes { OrderParts(cutFrom: $0, leaving: &rest) }
            let read = rest.withUnsafeBytes { Order(stored: $0, parser: parser) }
            guard let parts, let read, read == expected, parts.joined(to: read) == order.json else {
                Issue.record("\(String(decoding: order.json, as: UTF8.self))")
                return
            }
        }
    }

    @Test("is not read so when its JSON has no parts.")
    func withoutParts() {
        for json in [#"{"id":1}"#, "[]", #"{"title":"\"fields\":[]"}"#, #"]"fields":["#, ""] {
            var rest: [UInt8] = []
            // SAFETY: the array's own bytes, during the call.
            let parts = Array(json.utf8).withUnsafeBytes {
                OrderParts(cutFrom: $0, leaving: &rest)
            }
            #expect(parts == nil && rest == [])
        }
    }

    @Test("has the members that the change gives it, its parts, and stands where they say.")
    func updating() throws {
        let fixture = try RecordFixture()
        var orders = Orders()
        let customer = try fixture.customer()
        for id in UInt64(1)...40 {
            let new = NewOrder(
                title: "t",
                fields: orders.few {
                    NewOrderField(position: 1, name: $0.text(), content: $0.text())
                },
                contactPersons: orders.few {
                    NewContactPerson(type: $0.text(), name: $0.text(), email: "a@b.de")
                })
            try fixture.must(CreateOrder(new))
            try fixture.must(
                CreateComment(id, NewComment(text: orders.text(), authorName: "a"), []))
            for _ in 0..<5 {
                var expected = try #require(try fixture.model(Order.self, .order, id))
                let patch = OrderPatch(
                    status: orders.maybe(.finished), internalId: orders.maybe(orders.text()),
                    title: orders.text(), customerId: orders.maybe(customer))
                try fixture.must(UpdateOrder(id, patch, .none))
                expected = expected.merged(with: patch)
                #expect(try fixture.model(Order.self, .order, id) == expected)
            }
        }
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [])
        #expect(try fixture.store.check().faults == [])
    }

    @Test("gets segments for its comments if an earlier program left it without.")
    func segments() throws {
        let fixture = try RecordFixture()
        try fixture.must(CreateOrder(NewOrder(title: "t")))
        var order = try #require(try fixture.model(Order.self, .order, 1))
        let text = String(repeating: "x", count: Limits.segmentBytes / 2)
        order.comments = (UInt64(1)...4).map {
            Comment(
                id: $0, text: text, orderId: 1, author: "a", attachments: [],
                createdAt: RecordFixture.time)
        }
        let (json, facts) = (order.json, order.facts)
        try fixture.store.write { (transaction) throws(StoreError) in
            try transaction.putDocument(
                Resource.order.key(1, 1), json: json.span.bytes, privateBytes: facts.span.bytes,
                version: 1)
        }
        for title in ["u", "v"] {
            try fixture.must(UpdateOrder(1, OrderPatch(title: title), .none))
            order.title = title
            #expect(try fixture.model(Order.self, .order, 1) == order)
            let reader = try fixture.store.makeReader()
            #expect(try reader.document(Resource.order.key(1, 1))?.segments.count ?? 0 > 1)
        }
    }
}
