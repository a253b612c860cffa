import Glibc
import HTTP2
import JSON
import RelayStore
import System

/// What a running relayd tells of itself in `GET /admin/stat`, beside the store's figures. All counts
/// are since the start; whoever wants rates asks twice and divides by the time between.
///
/// | Member | |
/// |---|---|
/// | `queuedWrites` | commands that wait for the writer now |
/// | `commits`, `writes` | group commits, and commands in them: their quotient is the size of a group |
/// | `largestGroup` | commands of the largest group |
/// | `writerBusyMicroseconds` | time in which the writer applied and committed |
/// | `failedWrites` | commits and commands that failed for the store's sake: full, damaged, an error of the disk |
/// | `failedReads` | requests answered with an error, or whose answer was broken off, because something in the store cannot be read |
/// | `damagedDocuments` | documents whose checksum is known to be wrong |
/// | `deadReadersFreed` | reader slots of processes that have died |
/// | `scrubs`, `scrubbedDocuments` | walks that compared all documents with their checksums, and documents in them |
/// | `connections`, `connectionsAccepted` | open now, and ever; of the API, as all that follow |
/// | `connectionsRefused` | closed at once: their client may not connect (of the admin socket too) |
/// | `connectionsTurnedAway` | closed at once for lack of room (of the admin socket too) |
/// | `acceptFailures` | times that a listening socket could not be accepted from |
/// | `openStreams` | requests under way |
/// | `requests`, `answers2xx` … `answers5xx` | answered requests, and by status |
/// | `receivedBytes`, `sentBytes` | on the sockets, frames and all |
/// | `lentBytes` | of those sent, the ones that the kernel took on loan instead of copying them |
/// | `copyingLoops` | loops that copy everything, because the kernel refuses to take memory on loan |
/// | `cutOffProtocolError` … `cutOffWrongProtocol` | connections that the server has ended, by the case of `CutOff` |
/// | `turns` | turns of the loops: `requests` by it is how many share one |
/// | `loops` | threads that serve the API |
/// | `pid`, `uptimeMilliseconds`, `cpuMilliseconds` | of the process |
/// | `residentBytes`, `anonymousBytes` | RSS with the map's pages that are in memory, and without |
struct ServiceFigures {
    let writer: Writer
    let state: ServiceState

    func writeMembers(to json: inout JSONWriter) {
        json.member("queuedWrites", writer.queuedCommands)
        json.member("commits", writer.commits)
        json.member("writes", writer.commands)
        json.member("largestGroup", writer.largestGroup)
        json.member("writerBusyMicroseconds", writer.busyMicroseconds)
        json.member("failedWrites", state.health.failedWrites)
        json.member("failedReads", state.health.failedReads)
        json.member("connections", state.connectionCount)
        let counters = state.counters
        json.member("connectionsAccepted", counters.connections)
        json.member("connectionsRefused", state.journal.refused)
        json.member("connectionsTurnedAway", state.journal.turnedAway)
        json.member("acceptFailures", state.journal.failed)
        json.member("openStreams", counters.openStreams)
        json.member("requests", counters.requests)
        json.member("answers2xx", counters.answers[2])
        json.member("answers3xx", counters.answers[3])
        json.member("answers4xx", counters.answers[4])
        json.member("answers5xx", counters.answers[5])
        json.member("receivedBytes", counters.receivedBytes)
        json.member("sentBytes", counters.sentBytes)
        json.member("lentBytes", counters.lentBytes)
        json.member("copyingLoops", counters.copyingLoops)
        for cause in CutOff.allCases {
            json.member(cause.figure, counters.cutOffs[cause.rawValue])
        }
        json.member("turns", counters.turns)
        json.member("loops", state.loopCount)
        json.member("pid", Int(getpid()))
        let uptime = SystemClock.monotonic.milliseconds - state.started
        json.member("uptimeMilliseconds", Int(uptime))
        json.member("cpuMilliseconds", Self.cpuMilliseconds)
        json.member("residentBytes", Self.memory("VmRSS:"))
        json.member("anonymousBytes", Self.memory("RssAnon:"))
    }

    private static var cpuMilliseconds: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
        return seconds * 1_000 + Int(microseconds) / 1_000
    }

    /// Bytes that the kernel tells under this heading of /proc/self/status; 0 where there is none.
    private static func memory(_ heading: String) -> Int {
        guard let file = fopen("/proc/self/status", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                .split { $0 == 0x20 || $0 == 0x09 }
            guard words.count > 1, words[0].elementsEqual(heading.utf8) else { continue }
            return (Int(String(decoding: words[1], as: UTF8.self)) ?? 0) * 1_024
        }
        return 0
    }
}

extension CutOff {
    /// The member that counts it.
    fileprivate var figure: StaticString {
        switch self {
        case .protocolError: "cutOffProtocolError"
        case .controlFrames: "cutOffControlFrames"
        case .resets: "cutOffResets"
        case .unread: "cutOffUnread"
        case .silent: "cutOffSilent"
        case .stalled: "cutOffStalled"
        case .failure: "cutOffFailure"
        case .wrongProtocol: "cutOffWrongProtocol"
        }
    }
}
