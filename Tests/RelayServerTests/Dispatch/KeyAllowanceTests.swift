import RelayContract
import RelayStore
import Synchronization
import System
import Testing

@testable import RelayServer

@Suite struct KeyAllowanceTests {
    private static let second: Int64 = 1_000_000_000

    @Test("A bucket gives its burst at once, and then as many as the rate says.")
    func bucket() {
        let bucket = TokenBucket(RequestRate("10/s:5"))
        let start = 77 * Self.second
        for _ in 0..<5 { #expect(bucket.take(at: start) == 0) }
        #expect(bucket.take(at: start) == Self.second / 10)
        #expect(bucket.take(at: start + Self.second / 10 - 1) == 1)
        #expect(bucket.take(at: start + Self.second / 10) == 0)
        #expect(bucket.take(at: start + Self.second / 10) > 0)
        // A second gives ten, but no more than five are kept.
        for _ in 0..<5 { #expect(bucket.take(at: start + 9 * Self.second) == 0) }
        #expect(bucket.take(at: start + 9 * Self.second) > 0)
        bucket.giveBack()
        #expect(bucket.take(at: start + 9 * Self.second) == 0)
        #expect(bucket.take(at: start + 9 * Self.second) > 0)
    }

    @Test("Threads that take from one bucket get exactly what it has, together.")
    func exact() throws {
        let bucket = SharedBucket(RequestRate("1000/s:100")!)
        let taken = Taken()
        // Each thread sees every millisecond of ten seconds, and asks more often than it may.
        let threads = try (0..<4).map { _ in
            try BackgroundThread {
                for millisecond in Int64(0)..<10_000 {
                    for _ in 0..<3 where bucket.bucket.take(at: millisecond * 1_000_000) == 0 {
                        taken.count.add(1, ordering: .relaxed)
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        // One thread may be behind the others, and its past is no reason to give more.
        let count = taken.count.load(ordering: .relaxed)
        #expect(count == 100 + 9_999)
    }

    private final class Taken: Sendable {
        let count = Atomic<Int>(0)
    }

    private final class SharedBucket: Sendable {
        let bucket: TokenBucket
        init(_ rate: RequestRate) { bucket = TokenBucket(rate) }
    }

    @Test("A write that is refused takes no request, and a read takes no write.")
    func writes() {
        let limits = KeyLimits(requests: RequestRate("2/h"), writes: RequestRate("1/h"))
        let allowance = KeyAllowance(limits)
        #expect(allowance.refusal(isWrite: true)?.retryAfter == nil)
        let refused = allowance.refusal(isWrite: true)
        #expect(refused?.problem.status == 429 && refused?.retryAfter ?? 0 > 3_590)
        #expect(refused?.problem.detail?.contains("1 write an hour, 1 at once") == true)
        #expect(allowance.refusal(isWrite: false)?.retryAfter == nil)
        #expect(allowance.refusal(isWrite: false)?.retryAfter ?? 0 > 1_790)
        #expect(KeyLimit.allCases.map(allowance.tally.refused) == [1, 1, 0])
    }

    @Test("Places of uploads are given back when nobody holds them, whatever the limits become.")
    func uploads() throws {
        let tally = KeyTally()
        let two = KeyAllowance(KeyLimits(uploads: 2), tally)
        var places = [try two.beginUpload(), try two.beginUpload()]
        #expect(throws: Problem.self) { _ = try two.beginUpload() }
        let three = KeyAllowance(KeyLimits(uploads: 3), tally)
        places.append(try three.beginUpload())
        #expect(throws: Problem.self) { _ = try three.beginUpload() }
        places.removeLast(2)
        #expect(throws: Never.self) { _ = try two.beginUpload() }
        #expect(tally.refused(by: .uploads) == 2)
    }

    @Test("All loops have the same allowance of a key, until its limits are changed.")
    func shared() throws {
        let allowances = KeyAllowances()
        let store = try Store.inMemory()
        func set(_ id: UInt64, _ rate: String) throws -> APIKeyRecord {
            var patch = KeyLimitsPatch()
            patch.requests = RequestRate(rate)
            return try #require(
                try store.write { (transaction) throws(StoreError) in
                    try transaction.setLimits(of: id, patch)
                })
        }
        let made = try store.write { (transaction) throws(StoreError) in
            try transaction.createAPIKey(
                account: 1, label: "", time: 0, limits: KeyLimits(requests: RequestRate("1/h")))
        }
        let first = try #require(allowances.allowance(of: made.record))
        #expect(allowances.allowance(of: made.record) === first)
        #expect(first.refusal(isWrite: false)?.retryAfter == nil)
        #expect(first.refusal(isWrite: false)?.retryAfter != nil)
        let record = try set(made.record.id, "2/h")
        let second = try #require(allowances.allowance(of: record))
        // A loop that is behind does not bring the old one back.
        #expect(allowances.allowance(of: made.record) !== second)
        #expect(allowances.allowance(of: record) === second)
        for _ in 0..<2 { #expect(second.refusal(isWrite: false)?.retryAfter == nil) }
        #expect(second.refusal(isWrite: false)?.retryAfter != nil)
        // What was refused before is not forgotten.
        let refused = allowances.refused
        #expect(refused.map(\.count) == [2, 0, 0] && refused[0].key == made.record.id)
    }
}
