import CivilTime
import JSON
import RelayContract
import RelayStore
import TestSupport
import Testing

@testable import RelayRecords

@Suite("A record that is to be loaded")
struct LoadedRecordTests {
    private let parser = JSONParser()

    @Test("is with other times what a record that has those is rendered as, found and kept by.")
    func times() throws {
        let fixture = try RecordFixture()
        let customer = try fixture.customer()
        let property = try fixture.property(of: customer)
        try fixture.must(
            CreateDocument(NewDocument(title: "d", propertyId: property, customerId: customer)))
        var source = ChangeSource(seed: 11)
        for number in 0..<600 {
            source.largestID = 3 + UInt64(number) / 25
            try fixture.apply(source.next(), time: source.time())
        }
        let lines = Array(try DumpedLines(fixture.store).lines.joined(separator: "\n").utf8)
        let times = RecordTimes(
            created: Timestamp(milliseconds: 1_700_000_000_001),
            updated: Timestamp(milliseconds: 1_700_000_000_002))
        var seen: Set<Resource> = []
        for batch in DumpReader().read(lines).batches {
            for record in batch.records where record.times != nil {
                seen.insert(record.resource)
                let model = try record.model(parser).changed(to: times)
                let stamped = record.with(times)
                #expect(stamped.times == times)
                #expect(stamped.json == model.rendered, "\(record.resource) \(record.id)")
                if case .order(let order) = model { #expect(stamped.keptBytes == order.facts) }
                let owner = try owner(of: model, fixture)
                let links = try #require(stamped.links(batch.account, of: owner))
                let expected = try #require(model.links(batch.account, of: owner))
                #expect(links.lists == expected.lists && links.entries == expected.entries)
                #expect(links.terms == expected.terms && links.names == expected.names)
            }
        }
        #expect(seen == [.property, .unit, .order, .document])
    }

    @Test("has its own times changed, whatever its texts and parts hold.")
    func places() throws {
        let line = #"""
            {"account":1,"resource":"order","id":4,"document":{"id":4,"title":"\",\"createdAt\":\"\\",\#
            "status":"OPEN","createdAt":"2020-01-01T00:00:00.000Z","updatedAt":"2021-01-01T00:00:00.000Z",\#
            "fields":[],"attachments":[],"comments":[{"id":1,"text":"updatedAt","orderId":4,"author":"createdAt",\#
            "attachments":[],"createdAt":"2019-01-01T00:00:00.000Z"}],"contactPersons":[]}}
            """#
        let reading = DumpReader().read(Array(line.utf8))
        #expect(reading.faults.isEmpty)
        let record = try #require(reading.batches.first?.records.first)
        let time = Timestamp(milliseconds: 1_600_000_000_000)
        let stamped = record.with(RecordTimes(created: time, updated: time))
        let text = String(decoding: record.json, as: UTF8.self)
            .replacing("2020-01-01T00:00:00.000Z", with: "2020-09-13T12:26:40.000Z")
            .replacing("2021-01-01T00:00:00.000Z", with: "2020-09-13T12:26:40.000Z")
        #expect(String(decoding: stamped.json, as: UTF8.self) == text)
    }

    @Test("goes onto its lists once, however often lines, and parts in them, come.")
    func twice() throws {
        let field = #"{"id":7,"position":0,"name":"n","content":"c"}"#
        let lines = ["a", "a", "b"].map { title in
            #"""
            {"account":1,"resource":"order","id":4,"document":{"id":4,"title":"\#(title)","status":"OPEN",\#
            "createdAt":"2020-01-01T00:00:00.000Z","updatedAt":"2021-01-01T00:00:00.000Z",\#
            "type":"t","internalId":"t","fields":[\#(field),\#(field)],"attachments":[],"comments":[],\#
            "contactPersons":[]}}
            """#
        }
        let fixture = try RecordFixture()
        let outcome = try DumpedLines(lines).load(into: fixture)
        #expect(outcome.faults == [] && outcome.created == 1)
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [] && fixture.store.check().faults == [])
    }

    private func owner(of model: RecordModel, _ fixture: RecordFixture) throws -> Property? {
        guard let id = model.owner else { return nil }
        let reader = try fixture.store.makeReader()
        guard let document = try reader.view.document(Resource.property.key(1, id)),
            case .property(let property) = document.model(parser, reader.view)
        else { return nil }
        return property
    }
}

extension RecordModel {
    fileprivate func changed(to times: RecordTimes) -> RecordModel {
        switch self {
        case .property(var property):
            (property.createdAt, property.updatedAt) = (times.created, times.updated)
            return .property(property)
        case .unit(var unit):
            (unit.createdAt, unit.updatedAt) = (times.created, times.updated)
            return .unit(unit)
        case .order(var order):
            (order.createdAt, order.updatedAt) = (times.created, times.updated)
            return .order(order)
        case .document(var document):
            (document.createdAt, document.updatedAt) = (times.created, times.updated)
            return .document(document)
        case .address, .customer, .appointment, .eedMonth, .attachment, .cancellation: return self
        }
    }

    fileprivate var rendered: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}
