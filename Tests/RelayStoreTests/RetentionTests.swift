import TestSupport
import Testing

@testable import RelayStore

@Suite struct RetentionTests {
    /// Leaves a change.
    private final class Note: UnencodedCommand {
        let byteCount = 0
        private let payloadBytes: Int

        init(payloadBytes: Int = 0) {
            self.payloadBytes = payloadBytes
        }

        func apply(to transaction: inout StoreTransaction) throws(StoreError) {
            let payload = [UInt8](repeating: 1, count: payloadBytes)
            let time = try transaction.stamp()
            _ = try transaction.recordChange(
                account: 1, kind: 1, time: time, payload: payload)
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

    private static let day: Int64 = 24 * 60 * 60 * 1_000

    /// A store whose clock says what `clock` says, and has done so for long.
    private func settled(_ clock: SetClock) throws -> Store {
        let store = try Store.inMemory(options: clock.options)
        try store.write { (transaction) throws(StoreError) in
            transaction.time = StoreTime(
                last: clock.now, settled: clock.now, lived: clock.now)
            transaction.isTimeChanged = true
            // Something must be written for it to be kept.
            try transaction.setCounter(
                account: 1, resource: 1, to: ResourceCounter(lastID: 0, changeSequence: 0))
        }
        return store
    }

    /// Writes changes, each in a commit of its own.
    private func write(
        _ count: Int, to store: Store, _ retention: Retention, payloadBytes: Int = 0
    ) throws {
        for _ in 0..<count {
            let writer = try Writer(store, retention: retention)
            _ = writer.submit(Note(payloadBytes: payloadBytes))
            writer.stop()
        }
    }

    @Test("Changes of a store that was made while the clock was ahead are kept like any others.")
    func madeAhead() throws {
        let clock = SetClock(100 * Self.day)
        let store = try Store.inMemory(options: clock.options)
        clock.jump(-40 * Self.day)
        for _ in 0..<5 {
            try write(1, to: store, Retention(milliseconds: Self.day))
            clock.pass(1_000)
        }
        #expect(try changes(store) == 1...5)
    }

    @Test("Changes older than the last write by more than the limit go; the newest always stays.")
    func age() throws {
        let clock = SetClock(1_000_000)
        let store = try settled(clock)
        let retention = Retention(milliseconds: 100)
        for pause: Int64 in [0, 50, 50, 1, 49, 1] {
            clock.pass(pause)
            try write(1, to: store, retention)
        }
        #expect(try changes(store) == 3...6)
        clock.pass(1_000)
        try write(1, to: store, retention)
        #expect(try changes(store) == 7...7)
    }

    @Test("A commit removes a bounded number, until what is too much is gone.")
    func slices() throws {
        let clock = SetClock(1_000_000)
        let store = try settled(clock)
        try store.write { (transaction) throws(StoreError) in
            for _ in 0..<150 {
                _ = try transaction.recordChange(account: 1, kind: 1, time: clock.now)
            }
        }
        let retention = Retention(milliseconds: 100)
        clock.pass(10_000)
        try write(1, to: store, retention)
        #expect(try changes(store) == 67...151)
        try write(1, to: store, retention)
        #expect(try changes(store) == 133...152)
        try write(1, to: store, retention)
        #expect(try changes(store) == 151...153)
    }

    @Test("A clock that is 40 days ahead for an hour, or 40 days behind, takes nothing along.")
    func jumps() throws {
        let clock = SetClock(100 * Self.day)
        let store = try settled(clock)
        try write(3, to: store, Retention())
        clock.jump(40 * Self.day)
        try write(1, to: store, Retention())
        clock.pass(60 * 60 * 1_000)
        try write(2, to: store, Retention())
        clock.jump(-40 * Self.day)
        try write(2, to: store, Retention())
        clock.jump(-40 * Self.day)
        try write(2, to: store, Retention())
        #expect(try changes(store) == 1...10)
    }

    @Test("What was written while the clock was ahead goes when it is old, and not before.")
    func afterJump() throws {
        let clock = SetClock(100 * Self.day)
        let store = try settled(clock)
        clock.jump(40 * Self.day)
        try write(1, to: store, Retention())
        clock.jump(-40 * Self.day)
        try write(1, to: store, Retention())
        clock.pass(69 * Self.day)
        try write(1, to: store, Retention())
        #expect(try changes(store) == 1...3)
        clock.pass(2 * Self.day)
        try write(1, to: store, Retention())
        #expect(try changes(store).lowerBound > 2)
    }

    @Test("A log that was not written to for long catches up while it is.")
    func catchingUp() throws {
        let clock = SetClock(100 * Self.day)
        let store = try settled(clock)
        try write(2, to: store, Retention())
        // Nobody was there to see it pass.
        clock.jump(40 * Self.day)
        try write(1, to: store, Retention())
        #expect(try changes(store) == 1...3)
        clock.pass(31 * Self.day)
        try write(1, to: store, Retention())
        #expect(try changes(store) == 3...4)
    }

    @Test("A log that takes too many bytes loses its oldest changes.")
    func bytes() throws {
        let store = try Store.inMemory()
        let retention = Retention(byteCount: 40 * 4_096)
        try write(60, to: store, retention, payloadBytes: 8_000)
        let kept = try changes(store)
        #expect(kept.upperBound == 60)
        #expect((5...25).contains(kept.count), "\(kept)")
    }

    @Test("Refused commands cost no commit, however old the log is.")
    func refusals() throws {
        final class Refusal: UnencodedCommand {
            let byteCount = 0
            func apply(to transaction: inout StoreTransaction) throws(StoreError) {}
            func complete(_ result: Result<Void, StoreError>) {}
        }
        let store = try Store.inMemory()
        try write(2, to: store, Retention())
        let before = try store.statistics().environment.lastTransactionID
        let writer = try Writer(store, retention: Retention(milliseconds: 1))
        _ = writer.submit(Refusal())
        writer.stop()
        #expect(try store.statistics().environment.lastTransactionID == before)
        #expect(try changes(store) == 1...2)
    }
}
