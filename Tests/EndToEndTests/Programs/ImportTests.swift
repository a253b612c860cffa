import CivilTime
import RelayClient
import RelayContract
import TestSupport
import Testing

/// `relayctl import arge`, with an answer written after the interface's public description (1.2.1).
@Suite("An answer of the ARGE consumption interface", .serialized)
struct ImportTests {
    private let directory = TemporaryDirectory()
    private let relayd: Relayd
    private let client: RelayClient
    private let key: String
    private var files = 0
    private let answer =
        String("\(#filePath)".dropLast("ImportTests.swift".count)) + "arge-answer.json"
    private var keyFile: String { directory.file("key") }
    private var store: String { directory.file("store") }
    private var served: [String] {
        ["--socket", relayd.socket, "--key-file", keyFile, "--msc-name", "Messdienst Süd"]
    }

    /// Property 1 is the billing unit, units 1 and 2 are its units 0010 and 0020; others have the same numbers.
    init() throws {
        relayd = try Relayd(store: directory.file("store"), in: directory)
        key = try relayd.makeKey()
        client = RelayClient(connection: try relayd.connect(), key: key)
        try writeBytes(keyFile, Array("\(key)\n".utf8))
        try client.createCustomer(CustomerUpsert(customer: CustomerInput(name: "Hausverwaltung")))
        let properties = [("WEG Lindenstraße", "100442077"), ("Other", "0100442077")]
        try client.createProperties(
            PropertyUpsert(
                properties: properties.map {
                    PropertyInput(name: $0.0, mscNumber: $0.1, customerId: 1)
                }))
        let units: [(UInt64, String, String)] = [
            (1, "WE 01", "0010"), (1, "WE 02", "0020"), (2, "WE 01", "0010"), (2, "WE 03", "20"),
        ]
        try client.createUnits(
            UnitUpsert(
                units: units.map {
                    UnitInput(propertyId: $0.0, name: $0.1, unitMscNumber: $0.2)
                }))
    }

    private func run(
        _ words: [String], code: Int32 = 0, environment: [String] = []
    ) -> String {
        let run = ChildProcess.run(
            "relayctl", ["import", "arge"] + words, environment: environment)
        #expect(run.code == code, "\(words): \(run.output)")
        return run.output
    }

    private func month(_ unit: UInt64) throws -> EedMonth? {
        var text = "2024-02"
        let month = try #require(text.withUTF8 { CalendarMonth($0) })
        return try client.getEed(unitId: unit, period: month).value.month
    }

    /// The units that have data.
    private func present() throws -> [UInt64] {
        try (UInt64(1)...4).filter { try month($0) != nil }
    }

    /// A file with the answer after a change to its text.
    private mutating func changed(_ old: String, _ new: String) throws -> String {
        let text = readText(answer)
        #expect(text.contains(old))
        files += 1
        let file = directory.file("changed-\(files).json")
        try writeBytes(file, Array(text.replacing(old, with: new).utf8))
        return file
    }

    @Test("becomes energy data of the units with its numbers; others are named.")
    func imported() throws {
        let tried = run(served + ["--dry-run", "--json", answer], code: 3)
        #expect(tried.contains(#""dryRun":true,"billingUnit":"100442077","period":"2024-02""#))
        #expect(tried.contains(#""propertyId":1,"property":"WEG Lindenstraße","imported":2"#))
        #expect(
            tried.contains(
                #"{"mscNumber":"0010","unitId":1,"name":"WE 01","consumptions":"HEATING 312.5 HCU "#
                    + #"estimated, HEATING 641.25 KWH converted estimated, HOT_WATER -1.5 M3","#
                    + #""benchmarks":1}"#), "\(tried)")
        #expect(try month(1) == nil)
        let text = run(served + [answer], code: 3)
        #expect(
            text.contains("mscNumber 20  unmatched no unit of the property has this"), "\(text)")
        let first = try #require(try month(1))
        #expect(first.mscName == "Messdienst Süd")
        #expect(first.consumptions.map(\.amount) == [312.5, 641.25, -1.5])
        #expect(first.consumptions[0].remarkcodes == [.partlyEstimated])
        let second = try #require(try month(2))
        #expect(second.consumptions[0].amount == nil && second.consumptions[0].errors == true)
        #expect(try present() == [1, 2])
        let allowed = run(served + ["--allow-unmatched", "--json", answer])
        #expect(allowed.contains(#""imported":2,"refused":0,"unmatched":1"#), "\(allowed)")
        #expect(relayd.stop() == 0)
    }

    @Test("goes to a property that is named, and to none where no property has its number.")
    mutating func property() throws {
        let named = run(served + ["--property", "2", "--json", answer], code: 3)
        #expect(named.contains(#""propertyId":2"#) && named.contains(#""imported":2"#))
        #expect(try present() == [3, 4])
        let missing = run(served + ["--property", "9", answer], code: 2)
        #expect(missing.contains("there is no property 9"))
        let foreign = try changed("100442077", "999999999")
        let none = run(served + ["--json", foreign], code: 3)
        #expect(none.contains(#""imported":0,"refused":0,"unmatched":3"#), "\(none)")
        #expect(none.contains("no property has the mscNumber of the billing unit"))
        #expect(relayd.stop() == 0)
    }

    @Test("that is wrong is not imported, and each fault is named by its place.")
    mutating func faults() throws {
        for (old, new, pointer) in [
            ("\"COLD_WATER\"", "\"GAS\"", "/billingunit/residentialunits/2/consumptions/0/service"),
            ("312.5", "\"much\"", "/billingunit/residentialunits/0/consumptions/0/amount"),
            ("\"2024-02\"", "\"02-2024\"", "/billingunit/period"),
            (
                "\"mscnumber\": \"20\"", "\"mscnumber\": 20",
                "/billingunit/residentialunits/2/reference/mscnumber"
            ),
            ("\"mscnumber\": \"20\"", "\"mscnumber\": \"0010\"", "/billingunit/residentialunits/2"),
            ("residentialunits", "periods", "/billingunit/residentialunits"),
        ] {
            let file = try changed(old, new)
            let text = run(served + ["--json", file], code: 3)
            #expect(text.contains("{\"pointer\":\"\(pointer)\","), "\(new): \(text)")
            #expect(text.contains(#""imported":0"#))
        }
        // What relayd alone knows: the month, and that one unit has a figure twice. The others are imported.
        let later = try changed("2024-02", "9999-02")
        let future = run(served + ["--json", later], code: 3)
        #expect(future.contains(#""imported":0,"refused":2"#), "\(future)")
        #expect(future.ranges(of: #""pointer":"/billingunit/period""#).count == 1)
        let twice = try changed(
            "\"unitofmeasure\": \"KWH\",\n            \"amount\": 641.25,\n            \"converted\": true",
            "\"unitofmeasure\": \"HCU\"")
        let one = run(served + ["--json", twice], code: 3)
        #expect(one.contains(#""imported":1,"refused":1"#), "\(one)")
        #expect(one.contains("\"pointer\":\"/billingunit/residentialunits/0/consumptions/1"))
        #expect(try present() == [2])
        let cut = directory.file("cut.json")
        try writeBytes(cut, Array(readText(answer).utf8.prefix(400)))
        #expect(run(served + [cut], code: 3).contains("cut.json is no JSON document: "))
        #expect(relayd.stop() == 0)
    }

    @Test("is imported into a store that nobody serves, from standard input too.")
    func offline() throws {
        let direct = ["--store", store, "--account", "1", "--msc-name", "m"]
        // Its relayd is the one to ask.
        #expect(run(direct + [answer], code: 2).contains("give --socket and --key-file"))
        #expect(relayd.stop() == 0)
        let tried = run(direct + ["--dry-run", "--allow-unmatched", "--json", answer])
        #expect(tried.contains(#""imported":2"#), "\(tried)")
        let lengths = ["check", "--store", store, "--json"]
        let before = ChildProcess.run("relayctl", ["changes", "--store", store, "--json"]).output
        let script = "relayctl import arge --account 1 --msc-name m --json - < \(answer)"
        let piped = ChildProcess.run(
            "sh", ["-c", script],
            environment: ["RELAY_STORE=\(store)", "PATH=\(ChildProcess.products):/usr/bin:/bin"])
        #expect(piped.code == 3 && piped.output.contains(#""imported":2"#), "\(piped)")
        let after = ChildProcess.run("relayctl", ["changes", "--store", store, "--json"]).output
        #expect(!before.contains("consumeEedBatch") && after.contains("consumeEedBatch"))
        #expect(ChildProcess.run("relayctl", lengths).code == 0)
        let again = try Relayd(store: store, in: directory)
        let reader = RelayClient(connection: try again.connect(), key: key)
        var text = "2024-02"
        let month = try #require(text.withUTF8 { CalendarMonth($0) })
        #expect(try reader.getEed(unitId: 1, period: month).value.month?.mscName == "m")
        #expect(again.stop() == 0)
    }

    @Test("needs to know whose units they are, and who metered.")
    func usage() throws {
        let cases: [([String], String)] = [
            (
                ["--msc-name", "m", answer],
                "give --socket PATH and --key-file FILE, or --store DIR"
            ),
            (["--msc-name", "m", "--socket", relayd.socket, answer], "--socket needs --key-file"),
            (["--socket", relayd.socket, "--key-file", keyFile, answer], "--msc-name"),
            (served + ["--store", store, answer], "exclude one another"),
            (served + ["--account", "1", answer], "the key has an account"),
            (["--msc-name", ""] + served.prefix(4) + [answer], "--msc-name cannot be ''"),
            (
                ["--msc-name", String(repeating: "ä", count: 201)] + served.prefix(4) + [answer],
                "--msc-name has 1 to 200 characters"
            ),
        ]
        for (words, expected) in cases {
            let text = run(words, code: 2)
            #expect(text.contains(expected), "\(words): \(text)")
        }
        let noKey = directory.file("no-key")
        try writeBytes(noKey, Array("relay_no_key\n".utf8))
        let words = ["--socket", relayd.socket, "--key-file", noKey, "--msc-name", "m", answer]
        #expect(run(words, code: 1).contains("401"))
        try writeBytes(directory.file("empty-key"), Array("\n".utf8))
        let empty = ["--socket", relayd.socket, "--key-file", directory.file("empty-key")]
        #expect(run(empty + ["--msc-name", "m", answer], code: 2).contains("is no API key"))
        #expect(relayd.stop() == 0)
    }
}
