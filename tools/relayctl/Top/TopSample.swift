import Glibc
import JSON
import Metrics
import System

/// What relayd's `/admin/stat` said at one moment.
struct TopSample {
    /// A reader of the store.
    struct Reader: Equatable {
        let process: Int
        let commit: Int
        let lag: Int
        /// Whether the process has died.
        let isDead: Bool
    }

    /// One of the slowest answers of the last minute or two.
    struct Slow {
        let method: String
        let path: String
        let status: Int
        let microseconds: Int
        /// Of a write: what it waited for the writer, and what applying and committing took.
        let phases: (queue: Int, commit: Int)?
    }

    /// What an account uses, in bytes, where it is counted.
    struct Account {
        let number: Int
        let used: Int
        let quota: Int?
        /// Requests that the quota has refused.
        let refused: Int
    }

    /// When it was asked, in milliseconds on the monotonic clock.
    let time: Int
    private(set) var numbers: [String: Int] = [:]
    /// What was told by buckets: `queueWait`, `commitTime` and the like.
    private(set) var histograms: [String: HistogramValues] = [:]
    /// Time that answers took, by operation and then by class of status.
    private(set) var operations: [String: [String: HistogramValues]] = [:]
    /// Requests by the id of their key; 0 stands for keys that are not counted one by one.
    private(set) var keyRequests: [Int: Int] = [:]
    /// Requests that a limit of their key has refused, by the key's id.
    private(set) var refusals: [Int: Int] = [:]
    /// Accounts whose use is counted.
    private(set) var accounts: [Account] = []
    /// Those that read a commit now.
    private(set) var readers: [Reader] = []
    /// The slowest answers, slowest first.
    private(set) var slowest: [Slow] = []

    /// Reads an answer; nil when it is none.
    init?(_ json: [UInt8], time: Int) {
        self.time = time
        var numbers: [String: Int] = [:]
        var readers: [Reader] = []
        var slowest: [Slow] = []
        var histograms: [String: HistogramValues] = [:]
        var operations: [String: [String: HistogramValues]] = [:]
        var (keyRequests, refusals): ([Int: Int], [Int: Int]) = ([:], [:])
        var accounts: [Account] = []
        let isObject = try? JSONParser().parse(json) { root -> Bool in
            guard root.kind == .object else { return false }
            for member in root.members {
                if let number = member.value.integer { numbers[String(member.name)] = Int(number) }
                if member.value.kind == .object {
                    histograms[String(member.name)] = Self.histogram(member.value)
                }
            }
            for series in (root["operations"] ?? root).elements {
                guard let name = series["operation"]?.string, let status = series["status"]?.string
                else { continue }
                operations[String(name), default: [:]][String(status)] = Self.histogram(series)
            }
            keyRequests = Self.counts(root["keyRequests"] ?? root)
            refusals = Self.counts(root["keyRefusals"] ?? root)
            accounts = (root["accountUses"] ?? root).elements.compactMap(Self.account)
            slowest = (root["slowest"] ?? root).elements.compactMap(Self.slow)
            for reader in (root["readers"] ?? root).elements {
                guard let commit = reader["commit"]?.integer else { continue }
                readers.append(
                    Reader(
                        process: Int(reader["pid"]?.integer ?? 0), commit: Int(commit),
                        lag: Int(reader["lag"]?.integer ?? 0),
                        isDead: reader["dead"]?.boolean ?? false))
            }
            return true
        }
        guard isObject == true else { return nil }
        self.numbers = numbers
        self.readers = readers
        self.slowest = slowest
        self.histograms = histograms
        self.operations = operations
        self.keyRequests = keyRequests
        self.refusals = refusals
        self.accounts = accounts
    }

    private static func slow(_ value: JSONValue) -> Slow? {
        guard let method = value["method"]?.string, let path = value["path"]?.string,
            let microseconds = value["microseconds"]?.integer
        else { return nil }
        let queue = value["queueMicroseconds"]?.integer.map { Int($0) }
        let commit = value["commitMicroseconds"]?.integer.map { Int($0) }
        return Slow(
            method: String(method), path: String(path),
            status: Int(value["status"]?.integer ?? 0), microseconds: Int(microseconds),
            phases: queue.flatMap { queue in commit.map { (queue, $0) } })
    }

    /// Counts by the id of a key; those of several limits are added up.
    private static func counts(_ list: JSONValue) -> [Int: Int] {
        var counts: [Int: Int] = [:]
        for element in list.elements {
            guard let key = element["id"]?.integer, let count = element["count"]?.integer
            else { continue }
            counts[Int(key), default: 0] += Int(count)
        }
        return counts
    }

    private static func account(_ value: JSONValue) -> Account? {
        guard let number = value["account"]?.integer, let used = value["usedBytes"]?.integer
        else { return nil }
        return Account(
            number: Int(number), used: Int(used),
            quota: value["quotaBytes"]?.integer.map { Int($0) },
            refused: Int(value["refused"]?.integer ?? 0))
    }

    private static func histogram(_ value: JSONValue) -> HistogramValues? {
        guard let buckets = value["buckets"] else { return nil }
        return HistogramValues(
            .microseconds, counts: buckets.elements.map { UInt64(max(0, $0.integer ?? 0)) })
    }

    subscript(name: String) -> Int { numbers[name] ?? 0 }

    static func now() -> Int { Int(SystemClock.monotonic.milliseconds) }
}

/// Two samples as lines of text: what `top` shows, on a screen or on paper.
struct TopTable {
    let before: TopSample
    let after: TopSample

    /// The lines, readers last.
    var lines: [String] {
        var lines = service + traffic + operations + keys + accounts + writes + slowest + store
        let active = after.readers.sorted { $0.lag > $1.lag }
        lines.append(
            "readers   \(active.count) of \(after["readerSlots"]) slots, "
                + "\(active.first?.lag ?? 0) commits behind at most")
        for reader in active {
            lines.append(
                "  pid \(reader.process)  commit \(reader.commit)  lag \(reader.lag)"
                    + (reader.isDead ? "  dead" : ""))
        }
        return lines
    }

    private var service: [String] {
        let cpu = change("cpuMilliseconds") * 1000 / milliseconds
        return [
            "relayd    pid \(after["pid"]), up \(duration(after["uptimeMilliseconds"])), "
                + "\(after["loops"]) loops",
            "cpu       \(cpu / 10).\(cpu % 10) %   memory \(bytes(after["residentBytes"])) "
                + "(\(bytes(after["anonymousBytes"])) without the map)",
        ]
    }

    private var traffic: [String] {
        let turns = max(1, change("turns"))
        return [
            "clients   \(after["connections"]) connections, \(rate("connectionsAccepted"))/s new, "
                + "\(after["openStreams"]) requests under way",
            "requests  \(rate("requests"))/s   2xx \(rate("answers2xx"))  "
                + "3xx \(rate("answers3xx"))  4xx \(rate("answers4xx"))  "
                + "5xx \(rate("answers5xx"))   \(change("requests") / turns) a turn",
            "network   in \(bytes(rate("receivedBytes")))/s   out \(bytes(rate("sentBytes")))/s",
        ]
    }

    private var writes: [String] {
        let commits = change("commits")
        let group = commits > 0 ? change("writes") * 10 / commits : 0
        let busy = change("writerBusyMicroseconds") / milliseconds / 10
        return [
            "writes    \(rate("writes"))/s in \(rate("commits")) commits/s of "
                + "\(group / 10).\(group % 10) (largest \(after["largestGroup"])), "
                + "\(after["queuedWrites"]) wait, writer busy \(busy) %",
            "commits   p99 \(p99(between("commitTime")))   waits for the writer p99 "
                + p99(between("queueWait")),
        ]
    }

    /// A line for each of the operations that were asked for most, the most frequent first.
    private var operations: [String] {
        let asked = after.operations.map { name, classes in
            var (all, failed) = (HistogramValues(.microseconds), UInt64(0))
            for (status, values) in classes {
                let earlier = before.operations[name]?[status]
                let change = earlier.map { values.since($0) } ?? values
                all.add(change)
                if status == "5xx" { failed += change.count }
            }
            return (name: name, values: all, failed: failed)
        }.filter { $0.values.count > 0 }
        let most = asked.sorted { ($1.values.count, $0.name) < ($0.values.count, $1.name) }
        return most.prefix(Limits.operationsShown).map { operation in
            "  \(operation.name)  \(perSecond(Int(operation.values.count)))/s   p99 "
                + p99(operation.values)
                + (operation.failed > 0 ? "   \(operation.failed) failed" : "")
        }
    }

    /// The slowest of the last minute or two, and what a write spent its time on.
    private var slowest: [String] {
        let shown = after.slowest.prefix(Limits.slowestShown).map { request in
            let phases = request.phases.map {
                "   waited \(time($0.queue)), commit \(time($0.commit))"
            }
            return "  \(request.method) \(request.path)  \(request.status)   "
                + time(request.microseconds) + (phases ?? "")
        }
        return shown.isEmpty ? [] : ["slowest"] + shown
    }

    /// What a histogram of both samples has counted in between.
    private func between(_ name: String) -> HistogramValues? {
        guard let later = after.histograms[name] else { return nil }
        return before.histograms[name].map { later.since($0) } ?? later
    }

    private func p99(_ values: HistogramValues?) -> String {
        values?.quantile(0.99).map { time(Int($0)) } ?? "-"
    }

    private func time(_ microseconds: Int) -> String {
        if microseconds < 10_000 { return "\(microseconds) µs" }
        return "\(microseconds / 1_000) ms"
    }

    private var store: [String] {
        [
            "store     \(bytes(after["usedBytes"])) of \(bytes(after["mapBytes"])), "
                + "\(after["freePages"]) pages free (\(bytes(after["freeBytes"]))), "
                + "change \(after["sequence"]), commit \(after["commit"])"
        ]
    }

    private var milliseconds: Int { max(1, after.time - before.time) }

    /// A restarted relayd counts from 0 again: then there is nothing to tell for one interval.
    private func change(_ name: String) -> Int { max(0, after[name] - before[name]) }

    private func rate(_ name: String) -> Int { perSecond(change(name)) }

    func perSecond(_ count: Int) -> Int { count * 1000 / milliseconds }

    func bytes(_ number: Int) -> String { Progress.Unit.bytes.text(number) }

    private func duration(_ milliseconds: Int) -> String {
        let seconds = milliseconds / 1000
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min" }
        if seconds < 86_400 { return "\(seconds / 3600) h \(seconds / 60 % 60) min" }
        return "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
    }
}
