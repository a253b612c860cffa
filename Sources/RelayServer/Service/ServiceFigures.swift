import Glibc
import HTTP2
import JSON
import Metrics
import RelayStore
import System

/// What a running relayd tells of itself: in `GET /admin/stat` as members of JSON, beside the store's
/// own, and in `GET /metrics` for Prometheus. All counts are since the start; whoever wants rates asks
/// twice and divides by the time between.
///
/// | Member | |
/// |---|---|
/// | `queuedWrites` | commands that wait for the writer now |
/// | `commits`, `writes` | group commits, and commands in them: their quotient is the size of a group |
/// | `largestGroup` | commands of the largest group |
/// | `writerBusyMicroseconds` | time in which the writer applied and committed |
/// | `queueWait`, `commitTime`, `groupSize` | microseconds that commands waited for the writer and that commits took, commands in a commit: each with `count`, `sum` and `buckets` (`Metrics.Buckets`) |
/// | `logBytes`, `logFileBytes` | bytes that were appended to the store's log, and bytes that its files take; these and what follows are there only if there is a log (`--durability log`) |
/// | `logSyncTime` | microseconds that the disk took to keep a group, as `commitTime` |
/// | `logBytesBehind`, `grownBytes` | bytes of the log that a recovery would read now, and bytes that the store's file has grown by since the last checkpoint |
/// | `checkpoints`, `checkpointMicroseconds`, `longestCheckpointMicroseconds`, `checkpointWaits` | checkpoints, what the last and the longest took, and how often the writer waited for one |
/// | `failedWrites` | commits and commands that failed for the store's sake: full, damaged, an error of the disk |
/// | `writesFail` | 1 while that goes for all of them, to a second |
/// | `failedReads` | requests answered with an error, or whose answer was broken off, because something in the store cannot be read |
/// | `damagedDocuments` | documents whose checksum is known to be wrong |
/// | `deadReadersFreed` | reader slots of processes that have died |
/// | `oldestReaderMilliseconds` | how long the oldest reader has read the same commit, to a second |
/// | `scrubs`, `scrubbedDocuments` | walks that compared all documents with their checksums, and documents in them |
/// | `connections`, `connectionsAccepted` | open now, and ever; of the API, as all that follow |
/// | `connectionsRefused` | closed at once: their client may not connect (of the admin socket too) |
/// | `connectionsTurnedAway` | closed at once for lack of room (of the admin socket too) |
/// | `acceptFailures` | times that a listening socket could not be accepted from |
/// | `openStreams` | requests under way |
/// | `requests`, `answers2xx` … `answers5xx` | answered requests, and by status |
/// | `operations` | the same by operation: see `writeOperations` |
/// | `keyRequests` | requests by the `id` of their key, each with `count`; 0 stands for keys beyond the first 1 024 |
/// | `keyRefusals` | requests that a limit of their key has refused: `id`, `limit` (requests, writes, uploads) and `count`; of keys that have had limits |
/// | `accountUses` | of accounts whose use is counted: what `/admin/accounts` tells of each, and the requests that its quota has `refused` |
/// | `slowest` | the slowest answers of the last minute or two, see `ObservedRequest.write` |
/// | `logLines`, `lostLogLines` | lines of the log that were written, and that were lost |
/// | `receivedBytes`, `sentBytes` | on the sockets, frames and all |
/// | `lentBytes` | of those sent, the ones that the kernel took on loan instead of copying them |
/// | `copyingLoops` | loops that copy everything, because the kernel refuses to take memory on loan |
/// | `cutOffProtocolError` … `cutOffWrongProtocol` | connections that the server has ended, by the case of `CutOff` |
/// | `turns` | turns of the loops: `requests` by it is how many share one |
/// | `loops` | threads that serve the API |
/// | `pid`, `uptimeMilliseconds`, `cpuMilliseconds` | of the process |
/// | `residentBytes`, `anonymousBytes` | RSS with the map's pages that are in memory, and without |
struct ServiceFigures {
    private let store: Store
    let writer: Writer
    private let state: ServiceState
    private let requests: RequestValues
    private let counters: LoopCounters

    init(_ store: Store, _ writer: Writer, _ state: ServiceState) {
        self.store = store
        self.writer = writer
        self.state = state
        requests = state.requests
        counters = state.counters
    }

    /// Writes the members of `/admin/stat`.
    func writeMembers(to json: inout JSONWriter) {
        for figure in writes + connections + process + state.reports {
            guard let member = figure.member else { continue }
            switch figure.value {
            case .counter(let number), .gauge(let number): json.member(member, number)
            case .histogram(let values):
                json.name(member)
                json.beginObject()
                Self.write(values, to: &json)
                json.endObject()
            }
        }
        json.member("largestGroup", writer.largestGroup)
        json.member("requests", counters.requests)
        json.member("answers2xx", counters.answers[2])
        json.member("answers3xx", counters.answers[3])
        json.member("answers4xx", counters.answers[4])
        json.member("answers5xx", counters.answers[5])
        json.member("pid", Int(getpid()))
        json.member("uptimeMilliseconds", Int(state.uptime))
        json.member("anonymousBytes", Self.memory("RssAnon:"))
        writeOperations(to: &json)
        state.writeKeys(to: &json)
    }

    /// The text of `/metrics`.
    func exposition(_ format: Exposition.Format) throws(StoreError) -> [UInt8] {
        var text = Exposition(format)
        let all =
            try operations + state.keyFigures + writes + connections + store.figures()
            + state.accountFigures(store) + state.reports
        for figure in all + process { text.add(figure) }
        return text.bytes
    }

    /// Member `operations`: for each operation (`none`: no operation) and class of status that was
    /// answered `operation`, `status`, `count`, `sum` and `buckets` of microseconds from the whole
    /// request to the sent answer.
    private func writeOperations(to json: inout JSONWriter) {
        json.name("operations")
        json.beginArray()
        for series in answered {
            json.beginObject()
            json.member("operation", series.operation)
            json.member("status", series.status)
            Self.write(series.latency, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    private static func write(_ values: HistogramValues, to json: inout JSONWriter) {
        json.member("count", values.count)
        json.member("sum", values.sum)
        json.name("buckets")
        json.beginArray()
        for count in values.counts { json.value(count) }
        json.endArray()
    }
}

/// The figures, by what they are about.
extension ServiceFigures {
    private typealias Answered = (operation: String, status: String, latency: HistogramValues)

    /// What was answered at least once.
    private var answered: [Answered] {
        requests.latency.enumerated().filter { $0.element.count > 0 }.map { index, latency in
            let (kind, place) = index.quotientAndRemainder(dividingBy: RequestCounters.classes)
            return (RequestKind.name(kind), "\(place + 2)xx", latency)
        }
    }

    private var operations: [Figure] {
        let answered = answered
        let counts = answered.map {
            Figure(
                nil, "relay_requests", .counter($0.latency.count),
                by: [("operation", $0.operation), ("status", $0.status)],
                "Answered requests, by operation of the contract and class of status.")
        }
        let times = answered.map {
            Figure(
                nil, "relay_request_duration_seconds", .histogram($0.latency),
                by: [("operation", $0.operation), ("status", $0.status)],
                "From the whole request to the sent answer, or the first part of a long one.")
        }
        func bytes(_ metric: String, _ values: [UInt64], _ help: String) -> [Figure] {
            values.enumerated().filter { $0.element > 0 }.map { kind, count in
                Figure(
                    nil, metric, .counter(count), by: [("operation", RequestKind.name(kind))], help)
            }
        }
        return counts + times
            + bytes("relay_request_body_bytes", requests.received, "Bytes of requests' bodies.")
            + bytes("relay_response_body_bytes", requests.sent, "Bytes of answers' bodies.")
    }

    private var writes: [Figure] {
        [
            Figure(
                "queuedWrites", "relay_queue_commands", .gauge(UInt64(writer.queuedCommands)),
                "Commands that wait for the writer."),
            Figure(
                "queueWait", "relay_queue_wait_seconds", .histogram(writer.queueWait),
                "Time that commands waited until the writer took them."),
            Figure(
                "commits", "relay_commits", .counter(writer.commits),
                "Group commits that are on the disk."),
            Figure(
                "writes", "relay_writes", .counter(writer.commands),
                "Commands in those commits."),
            Figure(
                "commitTime", "relay_commit_duration_seconds", .histogram(writer.commitTime),
                "Time that commits took until they were on the disk."),
            Figure(
                "groupSize", "relay_commit_commands", .histogram(writer.groupSize),
                "Commands in a commit."),
            Figure(
                "writerBusyMicroseconds", "relay_writer_busy_seconds",
                .counter(writer.busyMicroseconds), in: .microseconds,
                "Time in which the writer applied commands and committed."),
        ] + commandLog + [
            Figure(
                "failedWrites", "relay_failed_writes", .counter(state.health.failedWrites),
                "Commits and commands that failed for the store's sake."),
            Figure(
                "writesFail", "relay_writes_fail",
                .gauge(state.health.failingWrites == nil ? 0 : 1),
                "1 while writes fail for the store's sake and none is kept."),
            Figure(
                "failedReads", "relay_failed_reads", .counter(state.health.failedReads),
                "Requests that failed because something in the store cannot be read."),
            Figure(
                "damagedDocuments", "relay_damaged_documents", .gauge(UInt64(store.damage.count)),
                "Documents whose checksum is known to be wrong."),
        ]
    }

    private var connections: [Figure] {
        let refusals = "Connections that were closed at once, by reason."
        let refused = "relay_connections_refused"
        return [
            Figure(
                "connections", "relay_connections", .gauge(UInt64(state.connectionCount)),
                "Connections of the API that are open."),
            Figure(
                "connectionsAccepted", "relay_connections_accepted",
                .counter(counters.connections), "Connections of the API that were taken in."),
            Figure(
                "connectionsRefused", refused, .counter(state.journal.refused),
                by: [("reason", "peer")], refusals),
            Figure(
                "connectionsTurnedAway", refused, .counter(state.journal.turnedAway),
                by: [("reason", "room")], refusals),
            Figure(
                "acceptFailures", "relay_accept_failures", .counter(state.journal.failed),
                "Times that a listening socket could not be accepted from."),
        ]
            + CutOff.allCases.map { cause in
                Figure(
                    cause.figure, "relay_connections_cut_off",
                    .counter(counters.cutOffs[cause.rawValue]), by: [("reason", "\(cause.reason)")],
                    "Connections that relayd has ended, by reason.")
            } + traffic
    }

    private var traffic: [Figure] {
        [
            Figure(
                "openStreams", "relay_open_streams", .gauge(counters.openStreams),
                "Requests under way."),
            Figure(
                "receivedBytes", "relay_received_bytes", .counter(counters.receivedBytes),
                "Bytes that came from clients of the API, frames and all."),
            Figure(
                "sentBytes", "relay_sent_bytes", .counter(counters.sentBytes),
                "Bytes that were sent to clients of the API, frames and all."),
            Figure(
                "lentBytes", "relay_lent_bytes", .counter(counters.lentBytes),
                "Bytes of those that the kernel took on loan instead of copying them."),
            Figure(
                "copyingLoops", "relay_copying_loops", .gauge(counters.copyingLoops),
                "Loops that copy everything, because the kernel refuses to take memory on loan."),
            Figure(
                "turns", "relay_turns", .counter(counters.turns),
                "Turns of the loops: requests by it is how many share one."),
            Figure(
                "loops", "relay_loops", .gauge(UInt64(state.loopCount)),
                "Threads that serve the API."),
        ]
    }

    private var process: [Figure] {
        [
            Figure(
                nil, "relay_ready", .gauge(state.isReady ? 1 : 0), "1 while requests are served."),
            Figure(
                nil, "process_start_time_seconds", .gauge(state.startedAt), in: .milliseconds,
                "When relayd started, in seconds since 1970."),
            Figure(
                "cpuMilliseconds", "process_cpu_seconds", .counter(Self.cpuMilliseconds),
                in: .milliseconds, "CPU time of relayd."),
            Figure(
                "residentBytes", "process_resident_memory_bytes", .gauge(Self.memory("VmRSS:")),
                "Memory of relayd with the pages of the map that are in it."),
        ]
    }

    private static var cpuMilliseconds: UInt64 {
        UInt64(max(0, SystemClock.processCPU.milliseconds))
    }

    /// Bytes that the kernel tells under this heading of /proc/self/status; 0 where there is none.
    private static func memory(_ heading: String) -> UInt64 {
        guard let file = fopen("/proc/self/status", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                .split { $0 == 0x20 || $0 == 0x09 }
            guard words.count > 1, words[0].elementsEqual(heading.utf8) else { continue }
            return (UInt64(String(decoding: words[1], as: UTF8.self)) ?? 0) * 1_024
        }
        return 0
    }
}
