import Glibc
import JSON
import Options
import RelayStore
import System

/// `relayctl replicas`: the hosts that share a log, as one of them sees them.
enum ReplicasCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let relayd = try relayd(arguments)
        if let host = arguments[Commands.forgottenHost] {
            if arguments[Commands.deep] {
                throw .usage("--forget and --deep are two commands: give one")
            }
            guard let host = HostName(host) else {
                throw .usage("--forget: '\(host)' is no host's name, which relayctl replicas lists")
            }
            _ = try relayd.perform("DELETE", "/admin/replicas/\(host)")
            return Report { $0.member("forgotten", host.text) }
        }
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

    /// Has all hosts make a digest behind the same message, and waits for these. Somebody else may ask for the
    /// same meanwhile: a newer mark ends the work on an older one, so the newest is what all hosts come to.
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
            let newest = table.newestMark(from: sequence)
            let isOver = SystemClock.monotonic.milliseconds >= end
            guard isOver || table.hasEnded(newest) else {
                usleep(Limits.waitPause)
                continue
            }
            let found = table.digests(of: newest)
            let isEqual = Set(found.compactMap(\.digest)).count <= 1
            let left = found.count { $0.digest == nil }
            var report = Report { json in
                json.member("sequence", newest)
                // Of a host that has no digest nobody knows whether its store is equal.
                if !isEqual || left == 0 { json.member("equal", isEqual) }
                if left > 0 { json.member("notCompared", left) }
                json.name("hosts")
                json.beginArray()
                for (host, condition, digest) in found {
                    json.beginObject()
                    json.member("host", host)
                    json.member("condition", condition)
                    if let digest { json.member("digest", digest) }
                    json.endObject()
                }
                json.endArray()
            }
            if !isEqual || left > 0 || !table.isSound { report.exitCode = .data }
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

        /// Whether it makes digests.
        var goesOn: Bool { !["missing", "stopped", "other-log"].contains(condition) }
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

    /// The newest mark that a host which goes on has a digest of: this one, or one behind it.
    func newestMark(from sequence: UInt64) -> UInt64 {
        hosts.filter(\.goesOn).reduce(sequence) { max($0, $1.marked) }
    }

    /// Whether all hosts that go on have a digest of this mark.
    func hasEnded(_ sequence: UInt64) -> Bool {
        hosts.allSatisfy { $0.marked == sequence || !$0.goesOn }
    }

    /// Of each host: its digest of this mark, nil if it has none.
    func digests(of sequence: UInt64) -> [(host: String, condition: String, digest: String?)] {
        hosts.map { ($0.name, $0.condition, $0.marked == sequence ? $0.digest : nil) }
    }
}
