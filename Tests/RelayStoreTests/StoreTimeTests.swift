import TestSupport
import Testing

@testable import RelayStore

@Suite("The time of changes")
struct StoreTimeTests {
    private static let day: Int64 = 24 * 60 * 60 * 1_000

    /// Makes a change in a transaction of its own; returns the time that it was given.
    @discardableResult
    private func change(_ store: Store) throws -> Int64 {
        try store.write { (transaction) throws(StoreError) in
            let time = try transaction.stamp()
            _ = try transaction.recordChange(account: 1, kind: 1, time: time)
            return time
        }
    }

    private func time(_ store: Store) throws -> StoreTime? {
        let reader = try store.makeReader()
        return try reader.view.storeTime()
    }

    @Test("never goes back when the clock does, and follows it again when it has caught up.")
    func monotone() throws {
        let clock = SetClock(1_000_000)
        let store = try Store.inMemory(options: clock.options)
        #expect(try change(store) == 1_000_000)
        clock.jump(-600_000)
        #expect(try change(store) == 1_000_000)
        clock.pass(599_999)
        #expect(try change(store) == 1_000_000)
        clock.pass(2)
        #expect(try change(store) == 1_000_001)
    }

    @Test("is one for all changes of a commit, and is not kept when nothing was changed.")
    func commits() throws {
        let clock = SetClock(1_000)
        let store = try Store.inMemory(options: clock.options)
        try store.write { (transaction) throws(StoreError) in
            let first = try transaction.stamp()
            clock.pass(5)
            let second = try transaction.stamp()
            #expect(first == 1_000 && second == 1_000)
        }
        #expect(try time(store)?.last == 0)
        #expect(try change(store) == 1_005)
        #expect(try time(store)?.last == 1_005)
    }

    @Test("goes on behind that of the store, whoever opens it.")
    func reopened() throws {
        let directory = TemporaryDirectory()
        let ahead = SetClock(5_000_000)
        do {
            let store = try Store.create(
                at: directory.store, options: StoreOptions(clock: ahead.clock))
            try change(store)
        }
        let behind = SetClock(1_000)
        let store = try Store.open(
            at: directory.store, options: StoreOptions(clock: behind.clock))
        #expect(try change(store) == 5_000_000)
        #expect(try store.statistics().clockBehind == 4_999_000)
    }

    @Test("is found in the log of a store that does not say it, and behind what others wrote.")
    func unsaid() throws {
        let clock = SetClock(1_000)
        let store = try Store.inMemory(options: clock.options)
        try store.write { (transaction) throws(StoreError) in
            for time in [3_000, 9_000, 2_000] {
                _ = try transaction.recordChange(account: 1, kind: 1, time: Int64(time))
            }
            let key = StoreTime.key
            try transaction.delete(key.span.bytes, in: transaction.databases.meta)
            transaction.isTimeChanged = false
        }
        #expect(try time(store) == nil)
        #expect(try store.makeReader().view.lastTime() == 9_000)
        #expect(try change(store) == 9_000)
        // A program that does not keep the time adds a change.
        let before = try #require(try time(store))
        try store.write { (transaction) throws(StoreError) in
            _ = try transaction.recordChange(account: 1, kind: 1, time: 12_000)
            transaction.time = before
        }
        #expect(try change(store) == 12_000)
    }

    @Test("ages by what has passed: a jump of 40 days costs twice as long as it lasts.")
    func settled() throws {
        let clock = SetClock(100 * Self.day)
        let store = try Store.inMemory(options: clock.options)
        try store.write { (transaction) throws(StoreError) in
            transaction.time = StoreTime(
                last: clock.now, settled: clock.now, lived: clock.now)
            transaction.counts(lived: clock.now)
            _ = try transaction.recordChange(account: 1, kind: 1, time: try transaction.stamp())
        }
        clock.jump(40 * Self.day)
        try change(store)
        let jumped = try #require(try time(store))
        #expect(jumped.settled == 100 * Self.day && jumped.lived == jumped.settled)
        clock.pass(1_000)
        try change(store)
        #expect(try time(store)?.settled == 100 * Self.day + 2_000)
        #expect(try time(store)?.lived == jumped.lived + 1_000)
        clock.jump(-40 * Self.day)
        clock.pass(500)
        try change(store)
        #expect(try time(store)?.settled == 100 * Self.day + 2_000)
        clock.pass(3_000)
        try change(store)
        #expect(try time(store)?.settled == 100 * Self.day + 4_500)
        #expect(try time(store)?.lived == jumped.lived + 4_500)
    }

    @Test("of a store that was made while the clock was ahead goes back to its newest change.")
    func madeAhead() throws {
        let clock = SetClock(100 * Self.day)
        let store = try Store.inMemory(options: clock.options)
        clock.jump(-40 * Self.day)
        for _ in 0..<5 {
            try change(store)
            clock.pass(1_000)
        }
        let now = try #require(try time(store))
        #expect(now.settled <= now.last && now.last < 61 * Self.day)
    }

    @Test("ends with the year 9999, whatever a clock says.")
    func end() throws {
        let clock = SetClock(.max / 4)
        let store = try Store.inMemory(options: clock.options)
        #expect(try change(store) == Limits.latestTime)
    }
}
