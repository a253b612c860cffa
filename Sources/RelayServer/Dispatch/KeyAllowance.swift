import JSON
import RelayContract
import RelayStore
import Synchronization
import System

/// What a key has a limit on.
enum KeyLimit: Int, CaseIterable {
    case requests
    case writes
    case uploads

    /// As figures call it.
    var name: StaticString {
        switch self {
        case .requests: "requests"
        case .writes: "writes"
        case .uploads: "uploads"
        }
    }
}

/// Why a limit of its key keeps a request from going on.
struct KeyRefusal {
    /// What it is answered.
    let problem: Problem
    /// That as JSON, up to where the path of the request stands.
    let json: [UInt8]
    /// Seconds until it makes sense to come again.
    let retryAfter: Int
}

/// What may still be done with a key that has limits; shared by all loops, and never locked.
final class KeyAllowance: Sendable {
    /// As they were when this was made.
    let limits: KeyLimits
    /// What outlasts a change of the limits.
    let tally: KeyTally
    private let requests: TokenBucket
    private let writes: TokenBucket
    /// What is answered past each limit, made once.
    private let answers: [(problem: Problem, json: [UInt8])]

    init(_ limits: KeyLimits, _ tally: KeyTally = KeyTally()) {
        self.limits = limits
        self.tally = tally
        requests = TokenBucket(limits.requests)
        writes = TokenBucket(limits.writes)
        answers = KeyLimit.allCases.map { limit in
            let problem = Problem(.tooManyRequests, limits.detail(limit))
            var json = JSONWriter()
            problem.write(to: &json, instance: nil)
            return (problem, Array(json.bytes.dropLast()) + Array(#","instance":""#.utf8))
        }
    }

    /// Takes a request into account; one that is refused takes nothing.
    ///
    /// - Returns: what it is answered; nil if it may go on.
    func refusal(isWrite: Bool) -> KeyRefusal? {
        // A reading of the clock costs more than the rest.
        guard requests.isLimited || (isWrite && writes.isLimited) else { return nil }
        let now = SystemClock.monotonic.nanoseconds
        let wait = requests.take(at: now)
        if wait > 0 { return refuse(.requests, wait) }
        if !isWrite { return nil }
        let writeWait = writes.take(at: now)
        if writeWait == 0 { return nil }
        requests.giveBack()
        return refuse(.writes, writeWait)
    }

    /// Takes one of the uploads that may be under way at once.
    func beginUpload() throws(Problem) -> UploadPlace {
        let most = limits.uploads.map { Int($0) } ?? .max
        guard let place = UploadPlace(among: tally.uploads, upTo: most) else {
            throw refuse(.uploads, 0).problem
        }
        return place
    }

    /// - Parameter wait: nanoseconds until it makes sense to come again.
    private func refuse(_ limit: KeyLimit, _ wait: Int64) -> KeyRefusal {
        tally.count(limit)
        let seconds = max(Limits.retryAfterSeconds, Int((wait + 999_999_999) / 1_000_000_000))
        let json = answers[limit.rawValue].json
        var problem = answers[limit.rawValue].problem
        problem.retryAfter = seconds
        return KeyRefusal(problem: problem, json: json, retryAfter: seconds)
    }
}

extension KeyLimits {
    /// What a client is told that has reached one of them.
    fileprivate func detail(_ limit: KeyLimit) -> String {
        let (words, next): (String, String)
        switch limit {
        case .requests:
            words = requests?.words("request") ?? ""
            next = "wait for as many seconds as Retry-After says"
        case .writes:
            words = writes?.words("write") ?? ""
            next = "wait for as many seconds as Retry-After says"
        case .uploads:
            words = "\(uploads ?? 0) upload\(uploads == 1 ? "" : "s") at a time"
            next = "wait for the end of one"
        }
        return "the key may have \(words): \(next), and send the request again"
    }
}

extension RequestRate {
    /// `100 requests a second, 200 at once`.
    fileprivate func words(_ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s") "
            + "\(period == .hour ? "an" : "a") \(period), \(burst) at once"
    }
}

/// What is counted of a key, whatever its limits become.
final class KeyTally: Sendable {
    /// Those that are under way.
    let uploads = UploadCount()
    private let requests = Atomic<UInt64>(0)
    private let writes = Atomic<UInt64>(0)
    private let refusedUploads = Atomic<UInt64>(0)

    /// Counts a refusal.
    fileprivate func count(_ limit: KeyLimit) {
        switch limit {
        case .requests: requests.add(1, ordering: .relaxed)
        case .writes: writes.add(1, ordering: .relaxed)
        case .uploads: refusedUploads.add(1, ordering: .relaxed)
        }
    }

    /// Requests that a limit has refused.
    func refused(by limit: KeyLimit) -> UInt64 {
        switch limit {
        case .requests: requests.load(ordering: .relaxed)
        case .writes: writes.load(ordering: .relaxed)
        case .uploads: refusedUploads.load(ordering: .relaxed)
        }
    }
}

/// The allowances of all keys that have had limits since the start: 300 bytes each.
final class KeyAllowances: Sendable {
    private let all = Mutex([UInt64: KeyAllowance]())

    /// The allowance of a key: the same for all loops as long as its limits stay as they are, and a full
    /// one when they were changed.
    ///
    /// A loop that still reads an older commit gets one for itself, until it renews its reader.
    func allowance(of record: APIKeyRecord) -> KeyAllowance? {
        guard let limits = record.limits else { return nil }
        return all.withLock { all in
            let known = all[record.id]
            if let known, known.limits.generation == limits.generation { return known }
            let made = KeyAllowance(limits, known?.tally ?? KeyTally())
            if known?.limits.generation ?? 0 < limits.generation { all[record.id] = made }
            return made
        }
    }

    /// How many requests of a key a limit has refused.
    typealias Refused = (key: UInt64, limit: KeyLimit, count: UInt64)

    /// What limits have refused, by the key's id, in order; zeros too.
    var refused: [Refused] {
        let tallies = all.withLock { $0.mapValues(\.tally) }
        return tallies.sorted { $0.key < $1.key }.flatMap { key, tally in
            KeyLimit.allCases.map { (key, $0, tally.refused(by: $0)) }
        }
    }
}
