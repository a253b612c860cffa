import CivilTime
import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

/// Every kind of answer that has what was stored in it, with one flipped bit in each record.
@Suite("An answer made of a damaged record", .serialized)
struct DamagedAnswerTests {
    private static let mark = "unverwechselbar"
    private let directory = TemporaryDirectory()
    private let store: String
    private let key: String

    init() throws {
        let service = try FaultyService(in: directory)
        let client = try service.client()
        _ = try client.createOrder(NewOrder(title: Self.mark))
        _ = try client.createOrderComment(
            2, NewComment(text: "t", authorName: "a"),
            files: [RelayUpload(name: "\(Self.mark).jpg", mediaType: "image/jpeg", bytes: [1])])
        _ = try client.createCustomer(CustomerUpsert(customer: CustomerInput(name: "c")))
        _ = try client.createProperties(
            PropertyUpsert(properties: [PropertyInput(name: "p", customerId: 1)]))
        _ = try client.createUnits(UnitUpsert(units: [UnitInput(propertyId: 1, name: "u")]))
        let start = WallTime(seconds: 63_900_000_000)
        _ = try client.createAppointment(
            NewAppointment(
                title: Self.mark, dateStart: start,
                dateEnd: WallTime(seconds: start.seconds + 3_600), location: "Hof", customerId: 1))
        var text = "2024-03"
        let month = try #require(text.withUTF8 { CalendarMonth($0) })
        try client.consumeEed(
            EedDelivery(
                propertyId: 1, unitId: 1, customerId: 1, period: month, mscName: Self.mark,
                consumptions: [
                    EedConsumption(service: .heating, unitofmeasure: .kwh, amount: -1)
                ], benchmarks: []))
        #expect(service.relayd.stop() == 0)
        (store, key) = (service.store, service.key)
        try DamageTests.flip(Array(Self.mark.utf8), at: 0, in: store)
    }

    /// What a relayd answers that knows of no damage yet: statuses, nil for an answer that breaks off.
    private func answers(_ path: String, _ times: Int, accept: String? = nil) throws -> [Int?] {
        let relayd = try Relayd(
            store: store, in: directory, arguments: ["--scrub-rate", "0", "--loops", "1"])
        var fields = [HeaderField("authorization", "Bearer \(key)")]
        if let accept { fields.append(HeaderField("accept", accept)) }
        let request = ClientRequest("GET", path, fields: fields)
        let connection = try relayd.connect()
        let statuses = (0..<times).map { _ in try? connection.perform(request).status }
        if statuses.contains(where: { $0 != 200 }) {
            #expect(relayd.logs("a read failed: "), "\(path): \(relayd.output)")
            let health = ChildProcess.run(
                "relayctl", ["health", "--admin-socket", relayd.adminSocket, "--json"])
            #expect(!health.output.contains("\"failedReads\":0"), "\(path): \(health.output)")
        }
        #expect(relayd.stop() == 0)
        return statuses
    }

    @Test(
        "is a problem at once where its bytes are copied or read, or breaks off.",
        arguments: [
            ("/v1/orders/2/comments", 500), ("/v1/attachments/1", 500),
            ("/v1/eed?unitId=1&period=2024-03", 500),
            ("/v1/eed/units?propertyId=1&period=2024-03", nil), ("/v1/appointments.ics", nil),
            ("/v1/changes?after=oldest&include=document", 500),
        ])
    func atOnce(path: String, status: Int?) throws {
        #expect(try answers(path, 2) == [status, status])
    }

    @Test("breaks off where changes are followed with their documents.")
    func followed() throws {
        let statuses = try answers(
            "/v1/changes?after=oldest&include=document", 1, accept: "text/event-stream")
        #expect(statuses == [nil])
    }

    @Test(
        "is not kept: a page that is asked for again and again breaks off before it is copied.",
        arguments: [
            "/v1/orders?limit=2", "/v1/orders?limit=2&sort=-id", "/v1/orders?ids=2",
            "/v1/appointments?limit=5",
        ])
    func kept(path: String) throws {
        let statuses = try answers(path, 20)
        #expect(statuses[15] != 200, "\(path): \(statuses)")
        // Once it is known, it stays so.
        #expect(statuses[16...].allSatisfy { $0 != 200 }, "\(path): \(statuses)")
    }

    @Test(
        "is found before long, though each one is not compared.",
        arguments: ["/v1/orders/2", "/v1/orders", "/v1/orders?sort=-id"])
    func sampled(path: String) throws {
        let statuses = try answers(path, 300)
        let first = try #require(statuses.firstIndex { $0 != 200 }, "\(path)")
        #expect(statuses[first...].allSatisfy { $0 != 200 }, "\(path): \(statuses)")
    }
}
