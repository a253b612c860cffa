import JSON
import RelayContract
import RelayStore
import Synchronization
import TestSupport
import Testing

@testable import RelayRecords

@Suite struct RecordCommandTests {
    private static let day: Int64 = 24 * 60 * 60 * 1_000

    /// Applies a command as the writer does and returns its answer.
    private func run(_ store: Store, _ title: String, key: String) throws -> RecordAnswer {
        let given = Mutex<RecordAnswer?>(nil)
        let request = IdempotentRequest(key: Array(key.utf8), fingerprint: Array(title.utf8))
        let creation = RecordCommand(
            CreateOrder(NewOrder(title: title)), account: 1, request: request)
        let command = creation.pending { result in
            if case .success(let answer) = result { given.withLock { $0 = answer } }
        }
        try store.write { (transaction) throws(StoreError) in
            try command.apply(to: &transaction)
        }
        command.complete(.success(()))
        return try #require(given.withLock { $0 })
    }

    private func remembered(_ store: Store, _ key: String) throws -> Bool {
        let reader = try store.makeReader()
        let view = reader.view
        let answer = try view.rememberedAnswer(account: 1, key: key.utf8)
        return answer != nil
    }

    @Test("An answer is remembered for 24 hours and not a millisecond more.")
    func expiry() throws {
        let clock = SetClock(1_000)
        let store = try Store.inMemory(options: clock.options)
        #expect(try run(store, "a", key: "k").createdID == 1)
        clock.pass(Self.day - 1)
        #expect(try run(store, "a", key: "k").createdID == 1)
        #expect(try run(store, "b", key: "k").status == 422)
        clock.pass(1)
        #expect(try run(store, "b", key: "k").createdID == 2)
    }

    @Test("Old answers are forgotten a few at a time, until none is left.")
    func forgetting() throws {
        let clock = SetClock(0)
        let store = try Store.inMemory(options: clock.options)
        for number in 0..<20 {
            _ = try run(store, "a", key: "k\(number)")
            clock.pass(1)
        }
        clock.pass(2 * Self.day)
        _ = try run(store, "a", key: "later")
        #expect(try !remembered(store, "k7"))
        #expect(try remembered(store, "k8"))
        for number in 0..<2 { _ = try run(store, "a", key: "l\(number)") }
        #expect(try !remembered(store, "k19"))
        #expect(try remembered(store, "later"))
    }

    @Test("An answer is remembered while the clock is days ahead, and when it has come back.")
    func jumps() throws {
        let clock = SetClock(1_767_225_600_000)
        let store = try Store.inMemory(options: clock.options)
        #expect(try run(store, "a", key: "before").createdID == 1)
        clock.jump(40 * Self.day)
        #expect(try run(store, "a", key: "before").createdID == 1)
        // Each answer that is remembered forgets some that are too old.
        for number in 0..<20 { _ = try run(store, "a", key: "ahead \(number)") }
        clock.jump(-40 * Self.day)
        #expect(try run(store, "a", key: "before").createdID == 1)
        #expect(try run(store, "a", key: "ahead 3").createdID == 5)
        clock.pass(Self.day)
        #expect(try run(store, "a", key: "before").createdID == 22)
        #expect(try run(store, "a", key: "ahead 3").createdID == 23)
    }

    @Test("An answer that is remembered comes back whole.")
    func roundTrip() {
        for answer in [
            RecordAnswer(201, body: [1, 2], version: 3, createdID: 4), RecordAnswer(204, body: []),
            RecordAnswer(200, body: [5], version: .max),
        ] {
            let again = RecordAnswer(remembered: answer.remembered)
            #expect(again?.status == answer.status)
            #expect(again?.body == answer.body)
            #expect(again?.version == answer.version)
            #expect(again?.createdID == answer.createdID)
        }
        #expect(RecordAnswer(remembered: [1, 2, 3]) == nil)
        // Only successes are remembered: another status is damage, and no status code at all would end
        // the process that answers it.
        var bytes = RecordAnswer(201, body: []).remembered
        for status: UInt16 in [0, 7, 199, 300, 412, 1_000, .max] {
            bytes[0] = UInt8(truncatingIfNeeded: status)
            bytes[1] = UInt8(truncatingIfNeeded: status >> 8)
            #expect(RecordAnswer(remembered: bytes) == nil, "\(status)")
        }
    }
}
