import JSON
import Testing

@testable import RelayContract

@Suite struct ModelTests {
    /// Reads a body; the faults as `pointer code`, in the order found.
    private func read<Model: ContractModel>(
        _ type: Model.Type, _ text: String
    ) throws -> (model: Model?, faults: [String]) {
        try JSONParser().parse(Array(text.utf8)) { value in
            var faults = Faults()
            let model = Model(decoding: value, into: &faults)
            return (model, faults.listed.map { "\($0.pointer) \($0.code.name)" })
        }
    }

    @Test("A body of the smallest kind is read.")
    func smallest() throws {
        let (order, faults) = try read(NewOrder.self, #"{"title": "Heizung fällt aus"}"#)
        #expect(faults.isEmpty)
        #expect(order == NewOrder(title: "Heizung fällt aus"))
    }

    @Test("Every fault of a body is listed at once, each with its place.")
    func allFaults() throws {
        let (_, faults) = try read(
            NewOrder.self,
            #"""
            {"status": "open", "dueDate": "2026-02-30T00:00:00Z", "isInternal": "no", "titel": "x",
             "a/b~c": 1, "propertyId": 1.5, "customerId": "007", "casaviOrderId": 18446744073709551615,
             "address": {"country": "de", "streetAddress": ""}, "taskId": null, "taskId": "t",
             "fields": [{"position": 0, "name": "n", "content": "c"}, 7, {"position": -1}],
             "contactPersons": {}}
            """#)
        #expect(
            faults == [
                "/status enum", "/dueDate format", "/isInternal type", "/titel unknown_member",
                "/a~1b~0c unknown_member", "/propertyId type", "/customerId pattern",
                "/casaviOrderId out_of_range", "/address/country enum",
                "/address/streetAddress too_short", "/address/postalCode required",
                "/address/locality required", "/taskId null_value", "/taskId duplicate_member",
                "/fields/1 type", "/fields/2/position out_of_range", "/fields/2/name required",
                "/fields/2/content required", "/contactPersons type", "/title required",
            ])
    }

    @Test("Requests take an id as a number or as its digits; the largest is 2⁵³−1.")
    func ids() throws {
        for (text, id) in [
            ("7", 7), ("\"7\"", 7), ("7.0", 7), ("9007199254740991", Limits.largestId),
            ("\"9007199254740991\"", Limits.largestId),
        ] {
            let (unit, faults) = try read(UnitInput.self, #"{"id": \#(text)}"#)
            #expect(faults.isEmpty)
            #expect(unit?.id == id)
        }
        for (text, code) in [
            ("0", "out_of_range"), ("-1", "out_of_range"), ("9007199254740992", "out_of_range"),
            ("\"0\"", "pattern"), ("\"\"", "pattern"), ("\"1 \"", "pattern"),
            ("\"9007199254740992\"", "pattern"), ("true", "type"), ("null", "null_value"),
        ] {
            #expect(try read(UnitInput.self, #"{"id": \#(text)}"#).faults == ["/id \(code)"])
        }
    }

    @Test("Lengths count characters, not bytes.")
    func lengths() throws {
        let fits = String(repeating: "ü", count: 200)
        #expect(try read(NewOrder.self, #"{"title": "\#(fits)"}"#).faults.isEmpty)
        #expect(
            try read(NewOrder.self, #"{"title": "\#(fits)x"}"#).faults == ["/title too_long"])
        #expect(try read(NewOrder.self, #"{"title": ""}"#).faults == ["/title too_short"])
    }

    @Test("An address is required whole unless it names a recorded one.")
    func conditional() throws {
        #expect(try read(AddressInput.self, #"{"id": 7}"#).faults.isEmpty)
        #expect(try read(AddressInput.self, #"{"accountId": 1}"#).faults.count == 4)
        #expect(try read(PropertyInput.self, #"{"externalId": "5"}"#).faults.isEmpty)
        #expect(
            try read(PropertyInput.self, "{}").faults == ["/name required", "/customerId required"])
    }

    @Test("A patch changes something, and null removes what may be missing.")
    func patch() throws {
        #expect(try read(OrderPatch.self, "{}").faults == [" required"])
        #expect(
            try read(OrderPatch.self, #"{"title": null}"#).faults == ["/title null_value"])
        let removal = try read(OrderPatch.self, #"{"dueDate": null}"#)
        #expect(removal.faults.isEmpty && removal.model?.removed == .dueDate)
        #expect(removal.model?.json == Array(#"{"dueDate":null}"#.utf8))
        #expect(try read(OrderPatch.self, #"{"status": "NULL"}"#).model?.status == .null)
    }

    @Test("A bulk body has 1 to 10 000 elements.")
    func bulk() throws {
        func units(_ count: Int) -> String {
            let unit = #"{"propertyId": 1, "name": "WE"}"#
            return #"{"units": [\#(Array(repeating: unit, count: count).joined(separator: ","))]}"#
        }
        #expect(try read(UnitUpsert.self, units(0)).faults == ["/units too_few"])
        #expect(try read(UnitUpsert.self, units(10_000)).model?.units.count == 10_000)
        #expect(try read(UnitUpsert.self, units(10_001)).faults == ["/units too_many"])
    }

    @Test("What is no object is one fault.", arguments: ["[]", "7", "\"x\"", "true"])
    func notAnObject(text: String) throws {
        #expect(try read(NewOrder.self, text).faults == [" type"])
        #expect(try read(NewOrder.self, "null").faults == [" null_value"])
    }

    @Test("A body of faults is answered with a thousand of them and the number of the rest.")
    func manyFaults() throws {
        let members = (0..<2500).map { "\"x\($0)\": 1" }.joined(separator: ",")
        let problem = try JSONParser().parse(Array("{\(members)}".utf8)) { value in
            var faults = Faults()
            _ = NewAddress(decoding: value, into: &faults)
            return Problem(.validation, faults)
        }
        #expect(problem.faults.count == 1000)
        #expect(problem.unlistedFaults == 1504)
        var writer = JSONWriter()
        problem.write(to: &writer, instance: nil)
        let (count, last) = try JSONParser().parse(writer.bytes) { value in
            let errors = Array(value["errors"]!.elements)
            return (errors.count, errors.last?["code"]?.string.map { String($0) })
        }
        #expect(count == 1001)
        #expect(last == "too_many_faults")
    }

    @Test("All assigned country codes are taken and no other.")
    func countries() {
        let letters = (0..<26).map { Character(Unicode.Scalar(UInt8(ascii: "A") + $0)) }
        let assigned = letters.flatMap { first in
            letters.map { second in "\(first)\(second)" }.filter { Country($0) != nil }
        }
        #expect(assigned.count == 249)
        for code in ["DE", "AT", "CH", "AD", "ZW"] {
            #expect(Country(code).map { String($0) } == code)
        }
        for code in ["EU", "UK", "XK", "AA", "ZZ", "de", "D", "DEU", ""] {
            #expect(Country(code) == nil)
        }
    }
}
