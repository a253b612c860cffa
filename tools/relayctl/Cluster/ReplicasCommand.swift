import Glibc
import JSON
import Options
import System

/// `relayctl replicas`: the hosts that share a log, as one of them sees them.
enum ReplicasCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let relayd = try relayd(arguments)
        guard arguments[Commands.deep] else {
            let answer = try relayd.perform("GET", "/admin/replicas")
            var report = Report(json: answer)
            if !HostTable(answer).isSound { report.exitCode = .data }
            return report
        }
        return try compare(relayd, milliseconds: arguments[Commands.deepTimeout])
    }

    /// The relayd that serves: only that knows of other hosts.
    static func relayd(_ arguments: Arguments) throws(CommandError) -> AdminClient {
        let socket = try AdminClient.socket(arguments)
        guard let relayd = try AdminClient(socket: socket) else {
            throw .notRunning(socket: socket)
        }
        return relayd
    }

    /// Has all hosts make a digest behind the same message, and waits for these.
    private static func compare(
        _ relayd: AdminClient, milliseconds: Int
    ) throws(CommandError) -> Report {
        let marked = try relayd.perform("POST", "/admin/replicas/mark")
        guard let text = Report(json: marked).text("sequence", or: "sequence"),
            let sequence = UInt64(text)
        else { throw .usage("relayd's answer to a mark cannot be read") }
        let end = SystemClock.monotonic.milliseconds + Int64(milliseconds)
        while true {
            let answer = try relayd.perform("GET", "/admin/replicas")
            let table = HostTable(answer)
            let isOver = SystemClock.monotonic.milliseconds >= end
            guard isOver || table.hasEnded(sequence) else {
                usleep(Limits.waitPause)
                continue
            }
            let equal = table.digests(of: sequence)
            let isEqual = Set(equal.compactMap(\.digest)).count <= 1
            var report = Report { json in
                json.member("sequence", sequence)
                json.member("equal", isEqual && equal.allSatisfy { $0.digest != nil })
                json.name("hosts")
                json.beginArray()
                for (host, condition, digest) in equal {
                    json.beginObject()
                    json.member("host", host)
                    json.member("condition", condition)
                    if let digest { json.member("digest", digest) }
                    json.endObject()
                }
                json.endArray()
            }
            let isWhole = equal.allSatisfy { $0.digest != nil }
            if !isEqual || !isWhole || !table.isSound { report.exitCode = .data }
            return report
        }
    }
}

/// What `/admin/replicas` has answered.
private struct HostTable {
    private struct Host {
        var name = ""
        var condition = ""
        var marked: UInt64 = 0
        var digest = ""
    }

    private var hosts: [Host] = []

    init(_ json: [UInt8]) {
        let parser = JSONParser()
        hosts =
            (try? parser.parse(json) { root in
                root["hosts"]?.elements.map { element in
                    var host = Host()
                    host.name = element["host"]?.string.map { String($0) } ?? ""
                    host.condition = element["condition"]?.string.map { String($0) } ?? ""
                    host.marked =
                        element["markedSequence"]?.integer.flatMap { UInt64(exactly: $0) } ?? 0
                    host.digest = element["markedDigest"]?.string.map { String($0) } ?? ""
                    return host
                }
            }) ?? []
    }

    /// Whether nothing is wrong with any host.
    var isSound: Bool { !hosts.isEmpty && hosts.allSatisfy { $0.condition == "ok" } }

    /// Whether all hosts that are there have a digest of this mark, or of a newer one.
    func hasEnded(_ sequence: UInt64) -> Bool {
        hosts.allSatisfy {
            $0.marked >= sequence || ["missing", "stopped", "other-log"].contains($0.condition)
        }
    }

    /// Of each host: its digest of this mark, nil if it has none.
    func digests(of sequence: UInt64) -> [(host: String, condition: String, digest: String?)] {
        hosts.map { ($0.name, $0.condition, $0.marked == sequence ? $0.digest : nil) }
    }
}
