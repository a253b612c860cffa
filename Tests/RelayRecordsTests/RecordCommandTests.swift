import JSON
import RelayContract
import RelayStore
import Synchronization
import Testing

@testable import RelayRecords

@Suite struct RecordCommandTests {
    private static let day: Int64 = 24 * 60 * 60 * 1_000

    /// Applies a command as the writer does and returns its answer.
    private func run(
        _ store: Store, _ title: String, key: String, at time: Int64
    ) throws -> RecordAnswer {
        let given = Mutex<RecordAnswer?>(nil)
        let command = RecordCommand(
            .createOrder(NewOrder(title: title)), account: 1,
            time: Timestamp(milliseconds: time), byteCount: 0, applier: RecordApplier(),
            request: IdempotentRequest(key: Array(key.utf8), fingerprint: Array(title.utf8))
        ) { result in
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
        let store = try Store.inMemory()
        #expect(try run(store, "a", key: "k", at: 1_000).createdID == 1)
        #expect(try run(store, "a", key: "k", at: 999 + Self.day).createdID == 1)
        #expect(try run(store, "b", key: "k", at: 999 + Self.day).status == 422)
        #expect(try run(store, "b", key: "k", at: 1_000 + Self.day).createdID == 2)
    }

    @Test("Old answers are forgotten a few at a time, until none is left.")
    func forgetting() throws {
        let store = try Store.inMemory()
        for number in 0..<20 { _ = try run(store, "a", key: "k\(number)", at: Int64(number)) }
        _ = try run(store, "a", key: "later", at: 2 * Self.day)
        #expect(try !remembered(store, "k7"))
        #expect(try remembered(store, "k8"))
        for number in 0..<2 { _ = try run(store, "a", key: "l\(number)", at: 2 * Self.day) }
        #expect(try !remembered(store, "k19"))
        #expect(try remembered(store, "later"))
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
    }
}
