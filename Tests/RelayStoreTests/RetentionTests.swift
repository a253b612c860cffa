import TestSupport
import Testing

@testable import RelayStore

@Suite struct RetentionTests {
    /// Leaves a change of that time.
    private final class Note: WriteCommand {
        let byteCount = 0
        private let time: Int64
        private let payloadBytes: Int

        init(_ time: Int64, payloadBytes: Int = 0) {
            self.time = time
            self.payloadBytes = payloadBytes
        }

        func apply(to transaction: inout StoreTransaction) throws(StoreError) {
            let payload = [UInt8](repeating: 1, count: payloadBytes)
            _ = try transaction.recordChange(
                account: 1, kind: 1, time: time, payload: payload.span.bytes)
        }

        func complete(_ result: Result<Void, StoreError>) {}
    }

    private func changes(_ store: Store) throws -> ClosedRange<UInt64> {
        let reader = try store.makeReader()
        var numbers: [UInt64] = []
        try reader.view.forEachChange(from: 0) { (change) throws(StoreError) in
            numbers.append(change.sequence)
            return true
        }
        let first = try #require(numbers.first)
        let last = try #require(numbers.last)
        #expect(numbers == Array(first...last), "a gap")
        return first...last
    }

    /// Writes changes of those times, each in a commit of its own.
    private func write(
        _ times: [Int64], to store: Store, _ retention: Retention, payloadBytes: Int = 0
    ) {
        for time in times {
            let writer = Writer(store, retention: retention)
            _ = writer.submit(Note(time, payloadBytes: payloadBytes))
            writer.stop()
        }
    }

    @Test("Changes older than the newest by more than the limit go; the newest always stays.")
    func age() throws {
        let store = try Store.inMemory()
        let retention = Retention(milliseconds: 100)
        write([0, 50, 100, 101, 150, 151], to: store, retention)
        #expect(try changes(store) == 3...6)
        write([1_000], to: store, retention)
        #expect(try changes(store) == 7...7)
    }

    @Test("A commit removes a bounded number, until what is too much is gone.")
    func slices() throws {
        let store = try Store.inMemory()
        try store.write { (transaction) throws(StoreError) in
            for time in 0..<150 {
                _ = try transaction.recordChange(account: 1, kind: 1, time: Int64(time))
            }
        }
        let retention = Retention(milliseconds: 100)
        write([10_000], to: store, retention)
        #expect(try changes(store) == 67...151)
        write([10_000], to: store, retention)
        #expect(try changes(store) == 133...152)
        write([10_000], to: store, retention)
        #expect(try changes(store) == 151...153)
    }

    @Test("A log that takes too many bytes loses its oldest changes.")
    func bytes() throws {
        let store = try Store.inMemory()
        let retention = Retention(byteCount: 40 * 4_096)
        write(Array(repeating: 7, count: 60), to: store, retention, payloadBytes: 8_000)
        let kept = try changes(store)
        #expect(kept.upperBound == 60)
        #expect((5...25).contains(kept.count), "\(kept)")
    }

    @Test("Refused commands cost no commit, however old the log is.")
    func refusals() throws {
        final class Refusal: WriteCommand {
            let byteCount = 0
            func apply(to transaction: inout StoreTransaction) throws(StoreError) {}
            func complete(_ result: Result<Void, StoreError>) {}
        }
        let store = try Store.inMemory()
        write([0, 1_000], to: store, Retention())
        let before = try store.statistics().environment.lastTransactionID
        let writer = Writer(store, retention: Retention(milliseconds: 1))
        _ = writer.submit(Refusal())
        writer.stop()
        #expect(try store.statistics().environment.lastTransactionID == before)
        #expect(try changes(store) == 1...2)
    }
}
