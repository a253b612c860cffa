import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

@testable import contractgen

/// Bodies at every limit of the contract, in a real relayd; then everything that reads a store.
@Suite("Whatever is accepted", .serialized)
struct AcceptedTests {
    private static let pdf = "JVBERi0xLjQK"

    /// A relayd and what is sent to it.
    private final class Site {
        let directory = TemporaryDirectory()
        let store: String
        let relayd: Relayd
        let key: String
        private(set) var connection: ClientConnection
        var bodies: LimitBodies
        /// The last of all: an Idempotency-Key at its longest is another one each time.
        private var keys = 0

        init() throws {
            store = directory.file("store")
            relayd = try Relayd(store: store, in: directory)
            key = try relayd.makeKey()
            connection = try relayd.connect()
            bodies = try LimitBodies()
        }

        @discardableResult
        func post(
            _ path: String, _ body: [UInt8], type: String = "application/json",
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> Int {
            keys += 1
            let name = "\(keys)-" + String(repeating: "~", count: 250)
            let response = try connection.perform(
                ClientRequest(
                    "POST", path,
                    fields: [
                        HeaderField("authorization", "Bearer \(key)"),
                        HeaderField("content-type", type),
                        HeaderField("idempotency-key", String(name.prefix(255))),
                    ], body: body))
            #expect(
                (200...204).contains(response.status),
                "\(path): \(String(decoding: response.body.prefix(500), as: UTF8.self))",
                sourceLocation: sourceLocation)
            let text = String(decoding: response.body, as: UTF8.self)
            let id = text.firstMatch(of: /^(\d+)$|"id":"?(\d+)/)?.output
            return id.flatMap { Int($0.1 ?? $0.2 ?? "") } ?? 0
        }

        @discardableResult
        func relayctl(
            _ arguments: [String], _ code: Int32 = 0,
            sourceLocation: SourceLocation = #_sourceLocation
        ) -> String {
            let outcome = ChildProcess.run("relayctl", arguments)
            #expect(
                outcome.code == code, "\(arguments): \(outcome.output.prefix(2_000))",
                sourceLocation: sourceLocation)
            return outcome.output
        }

        /// relayd does not wait for long for one that says nothing at first.
        func reconnect() throws { connection = try relayd.connect() }

        func file(_ name: String) -> String { directory.file(name) }
    }

    /// Sends every body that there is, with texts of one kind.
    private func fill(_ site: Site, _ text: LimitBodies.Text, files: Bool) throws {
        site.bodies.text = text
        site.bodies.references = ["accountId": 1]
        try site.post("/v1/addresses", site.bodies.body("NewAddress"))
        let customer = try site.post("/v1/customers", site.bodies.body("CustomerUpsert"))
        site.bodies.references["customerId"] = customer
        let property = try site.post("/v1/properties", site.bodies.body("PropertyUpsert"))
        site.bodies.references["propertyId"] = property
        let unit = try site.post("/v1/units", site.bodies.body("UnitUpsert"))
        let order = try site.post("/v1/orders", site.bodies.body("NewOrder"))
        site.bodies.references["orderId"] = order
        try site.post("/v1/order-fields", site.bodies.body("OrderFieldAddition"))
        try site.post("/v1/contact-persons", site.bodies.body("ContactPersonAddition"))
        try site.post("/v1/orders/\(order)/comments", site.bodies.body("NewComment"))
        try site.post("/v1/appointments", site.bodies.body("NewAppointment"))
        try site.post("/v1/eed", eed(site, property: property, unit: unit, customer: customer))
        let document = try site.post("/v2/documents", site.bodies.body("NewDocument"))
        guard files else { return }
        for _ in 0..<2 {
            try site.post(
                "/v2/documents/\(document)/attachments", attachment(&site.bodies, text))
            try site.post(
                "/v1/orders/\(order)/comments", form(text),
                type: "multipart/form-data; boundary=\(String(repeating: "b", count: 70))")
        }
    }

    /// A month with every service in every unit, and numbers at their ends.
    private func eed(_ site: Site, property: Int, unit: Int, customer: Int) -> [UInt8] {
        let amounts = ["1.7976931348623157e308", "5e-324", "0", "0.1", "9007199254740991"]
        var consumptions: [String] = []
        for service in ["HEATING", "HOT_WATER", "COOLING", "COLD_WATER"] {
            for measure in ["KWH", "HCU", "M3"] {
                let amount = amounts[consumptions.count % amounts.count]
                consumptions.append(
                    #"{"service":"\#(service)","unitofmeasure":"\#(measure)","amount":\#(amount)}"#)
            }
        }
        site.bodies.references["unitId"] = unit
        let body = String(decoding: site.bodies.body("EedDelivery"), as: UTF8.self)
        // Consumptions have to differ in what the schema does not tell: only these are written by hand.
        let start = body.firstRange(of: #""consumptions""#)!.lowerBound
        let end = body.firstRange(of: #""benchmarks""#)!.lowerBound
        return Array(
            (body[..<start] + #""consumptions":[\#(consumptions.joined(separator: ","))],"#
                + body[end...]).utf8)
    }

    /// A PDF whose metadata is as deep and as large as it may be.
    private func attachment(_ bodies: inout LimitBodies, _ text: LimitBodies.Text) -> [UInt8] {
        let numbers =
            #"[1.7976931348623157e308,-9223372036854775808,18446744073709551615,5e-324,-0.0]"#
        let deep =
            String(repeating: #"{"":["#, count: 15) + numbers + String(repeating: "]}", count: 15)
        let long = JSONText.quoted(bodies.text(60_000 / JSONText.bytes(of: text)))
        let name = (text == .wide ? "\u{1F3E0}" : "n") + String(repeating: "x", count: 250) + ".pdf"
        return Array(
            (#"{"metadata":{"deep":\#(deep),"long":\#(long)},"name":"\#(name)","#
                + #""fileType":"application/pdf","content":"\#(Self.pdf)"}"#).utf8)
    }

    /// A comment with ten files.
    private func form(_ text: LimitBodies.Text) -> [UInt8] {
        let boundary = String(repeating: "b", count: 70)
        var form = ""
        for (name, value) in [
            ("text", String(repeating: text.unit, count: 10_000)),
            ("authorName", String(repeating: text.unit, count: 200)),
        ] {
            form +=
                "--\(boundary)\r\ncontent-disposition: form-data; name=\(name)\r\n\r\n\(value)\r\n"
        }
        for number in 0..<10 {
            let name = String(repeating: "\u{1F3E0}", count: 254) + "\(number)"
            form += "--\(boundary)\r\ncontent-disposition: form-data; name=files; "
            form += "filename=\"\(name)\"\r\ncontent-type: a/\(String(repeating: "t", count: 125))"
            form += "\r\n\r\n" + String(repeating: "x", count: number * 10_000) + "\r\n"
        }
        return Array((form + "--\(boundary)--\r\n").utf8)
    }

    /// Reads all of a store in every way there is, and brings it to two others.
    private func read(_ site: Site) throws {
        for path in ["/v1/orders", "/v1/customers", "/v2/documents?limit=1000&offset=0"] {
            let list = try site.connection.perform(
                ClientRequest(
                    "GET", path, fields: [HeaderField("authorization", "Bearer \(site.key)")]))
            #expect(list.status == 200 && !list.body.isEmpty)
        }
        #expect(site.relayd.stop() == 0)
        let dump = site.file("dump.jsonl")
        site.relayctl(["check", "--store", site.store])
        site.relayctl(["dump", "--store", site.store, "--to", dump])
        let wanted = DumpedRecords.bytes(dump)

        let other = site.file("other")
        let loaded = site.relayctl(["load", dump, "--store", other, "--json"])
        #expect(loaded.contains("\"updated\":0,\"unchanged\":0,\"failed\":0"))
        site.relayctl(["check", "--store", other])
        site.relayctl(["dump", "--store", other, "--to", site.file("other.jsonl")])
        #expect(DumpedRecords.bytes(site.file("other.jsonl")) == wanted)

        let repository = site.file("repository")
        site.relayctl(["snapshot", "create", "--store", site.store, "--into", repository])
        site.relayctl(["snapshot", "verify", repository])
        let restored = site.file("restored")
        site.relayctl(["snapshot", "restore", repository + ":latest", "--to", restored])
        site.relayctl(["snapshot", "diff", repository + ":latest", restored, "--fields"])
        site.relayctl(["dump", "--store", restored, "--to", site.file("restored.jsonl")])
        #expect(DumpedRecords.bytes(site.file("restored.jsonl")) == wanted)
    }

    @Test("can be read, dumped, loaded, checked, snapshotted, restored and compared.")
    func limits() throws {
        let site = try Site()
        for text in LimitBodies.Text.allCases { try fill(site, text, files: true) }
        site.relayctl([
            "keys", "create", "--admin-socket", site.relayd.adminSocket, "--store", site.store,
            "--account", "1048575", "--label", String(repeating: "\u{1F3E0}", count: 50),
        ])
        // As many as there may be at once.
        let customer = try site.post(
            "/v1/customers", Array(#"{"customer":{"name":"many"}}"#.utf8))
        let houses = (0..<10_000).map { #"{"name":"h\#($0)","customerId":\#(customer)}"# }
        let house = try site.post(
            "/v1/properties", Array("{\"properties\":[\(houses.joined(separator: ","))]}".utf8))
        let flats = (0..<10_000).map { #"{"name":"f\#($0)","propertyId":\#(house)}"# }
        try site.post("/v1/units", Array("{\"units\":[\(flats.joined(separator: ","))]}".utf8))
        try read(site)
    }

    @Test("can be replayed from the change log.")
    func replay() throws {
        let site = try Site()
        site.bodies.references = ["accountId": 1]
        try site.post("/v1/addresses", site.bodies.body("NewAddress"))
        let snapshot = site.file("snapshot")
        site.relayctl(["snapshot", "create", "--store", site.store, "--to", snapshot])
        for text in LimitBodies.Text.allCases { try fill(site, text, files: false) }
        #expect(site.relayd.stop() == 0)
        let stat = site.relayctl(["stat", "--store", site.store, "--json"])
        let sequence = try #require(stat.firstMatch(of: /"sequence":(\d+)/)).output.1
        let restored = site.file("restored")
        site.relayctl([
            "snapshot", "restore", snapshot, "--to", restored, "--as-of", String(sequence),
            "--changes-from", site.store,
        ])
        for (store, file) in [(site.store, "one"), (restored, "two")] {
            site.relayctl(["dump", "--store", store, "--to", site.file(file)])
        }
        // Times and versions too.
        let (one, two) = (readText(site.file("one")), readText(site.file("two")))
        #expect(
            one.split(separator: "\n").dropFirst() == two.split(separator: "\n").dropFirst())
    }

    @Test("can be as large as a record may be, and go through all of that.")
    func largest() throws {
        let site = try Site()
        let place = ["--store", site.store, "--admin-socket", site.relayd.adminSocket, "--json"]
        // Orders grow by their comments, one at a time: most of them come as a line.
        let text = String(repeating: "\u{1F3E0}", count: 10_000)
        let time = "2026-01-01T00:00:00.000Z"
        let comments = (1...415).map {
            #"{"id":\#($0),"text":"\#(text)","orderId":1,"author":"a","attachments":[],"#
                + #""createdAt":"\#(time)"}"#
        }
        let line =
            #"{"account":1,"resource":"order","id":1,"document":{"id":1,"title":"t","status":"OPEN","#
            + #""createdAt":"\#(time)","updatedAt":"\#(time)","fields":[],"attachments":[],"#
            + #""comments":[\#(comments.joined(separator: ","))],"contactPersons":[]}}"# + "\n"
        let file = site.file("large.jsonl")
        let output = try #require(fopen(file, "w"))
        fputs(
            line
                + line.replacing(
                    "\"id\":1,\"document\":{\"id\":1,", with: "\"id\":2,\"document\":{\"id\":2,"),
            output)
        fclose(output)
        let loaded = site.relayctl(["load", file] + place)
        #expect(loaded.contains("\"created\":2,"), "\(loaded.prefix(500))")
        // Until it is full.
        try site.reconnect()
        var status = 0
        var count = 0
        while status == 0 || status == 201, count < 20 {
            status =
                try site.connection.perform(
                    ClientRequest(
                        "POST", "/v1/orders/1/comments",
                        fields: [
                            HeaderField("authorization", "Bearer \(site.key)"),
                            HeaderField("content-type", "application/json"),
                        ], body: NewComment(text: text, authorName: "a").json)
                ).status
            count += 1
        }
        #expect(status == 413 && count > 1)
        try read(site)
    }
}

/// JSON text without a library.
private enum JSONText {
    static func quoted(_ text: String) -> String {
        Tree.string(text).text(width: 0).trimmingNewline
    }

    /// Bytes of a character in JSON.
    static func bytes(of text: LimitBodies.Text) -> Int {
        quoted(String(text.unit)).utf8.count - 2
    }
}

extension String {
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
