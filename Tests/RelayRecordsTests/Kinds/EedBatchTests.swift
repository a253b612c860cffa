import CivilTime
import JSON
import RelayContract
import RelayStore
import TestSupport
import Testing

@testable import RelayRecords

@Suite("Batches of energy data")
struct EedBatchTests {
    private func delivery(unit: UInt64, number: Int = 24_000) -> EedDelivery {
        EedDelivery(
            propertyId: 1, unitId: unit, customerId: 1, period: CalendarMonth(number: number),
            mscName: "m", consumptions: [], benchmarks: [])
    }

    private func batch(_ json: String) throws -> CheckedEedBatch {
        // SAFETY: read during the call.
        try #require(
            Array(json.utf8).withUnsafeBytes {
                CheckedEedBatch(stored: $0, parser: JSONParser())
            })
    }

    private func verdicts(_ answer: RecordAnswer) throws -> [EedVerdict] {
        // SAFETY: read during the call.
        try #require(
            answer.body.withUnsafeBytes { EedBatchResult(stored: $0, parser: JSONParser()) }
        ).results
    }

    private func fixture() throws -> RecordFixture {
        let fixture = try RecordFixture()
        try fixture.unit(of: try fixture.property(of: try fixture.customer()))
        return fixture
    }

    @Test("What the change log holds of a batch is what was accepted, and comes to the same again.")
    func payload() throws {
        let fixture = try fixture()
        let mixed = CheckedEedBatch([delivery(unit: 1), delivery(unit: 2), delivery(unit: 1)])
        try fixture.must(ConsumeEedBatch(mixed, isAtomic: false))
        var payload: [UInt8] = []
        let reader = try fixture.store.makeReader()
        try reader.view.forEachChange(from: try fixture.sequence()) { change in
            #expect(change.kind == ChangeKind.consumeEedBatch.rawValue)
            // SAFETY: copied during the call.
            payload = change.payload.withUnsafeBytes { Array($0) }
            return true
        }
        let accepted = ConsumeEedBatch(
            CheckedEedBatch([delivery(unit: 1), delivery(unit: 1)]), isAtomic: true)
        #expect(payload == accepted.payload)
    }

    @Test("A batch of which nothing is accepted changes nothing.")
    func nothing() throws {
        let fixture = try fixture()
        let before = try fixture.sequence()
        try fixture.must(ConsumeEedBatch(CheckedEedBatch([delivery(unit: 9)]), isAtomic: false))
        #expect(try fixture.sequence() == before)
    }

    @Test("However many faults there are, each delivery gets one, and the answer stays small.")
    func faults() throws {
        let fixture = try fixture()
        let members = (0..<40).map { "\"x\($0)\":1" }.joined(separator: ",")
        let elements = Array(repeating: "{\(members)}", count: 2_000).joined(separator: ",")
        let batch = try batch("{\"deliveries\":[\(elements)]}")
        let answer = try fixture.must(ConsumeEedBatch(batch, isAtomic: false))
        let verdicts = try verdicts(answer)
        #expect(verdicts.count == 2_000)
        #expect(verdicts.allSatisfy { $0.status == 422 && $0.errors?.isEmpty == false })
        #expect(verdicts.reduce(0) { $0 + $1.errors!.count } < 3_100)
    }

    @Test("A refused delivery is written so that no body says the same.")
    func written() throws {
        let batch = try batch(
            #"{"deliveries":[[{"pointer":"p","code":"type","detail":"d"}]]}"#)
        guard case .refused(let faults) = batch.deliveries[0] else {
            Issue.record("an array passed for a delivery")
            return
        }
        #expect(faults.map(\.pointer) == ["/deliveries/0"])
        let change = ConsumeEedBatch(batch, isAtomic: false)
        // SAFETY: read during the call.
        let again = change.payload.withUnsafeBytes {
            ConsumeEedBatch(payload: $0, parser: JSONParser())
        }
        #expect(again?.payload == change.payload)
    }
}
