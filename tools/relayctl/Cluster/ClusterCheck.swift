import JSON
import Options
import RelayLog
import RelayStore

/// `relayctl cluster check`: whether a log is kept as it has to be.
enum ClusterCheck {
    /// Looks, and lists what was found; a problem is told by the exit code as well.
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let url = try ClusterCommand.url(arguments)
        let credentials = try ClusterCommand.credentials(arguments)
        let monitors = try monitors(arguments)
        var findings: [LogFinding] = []
        for server in url.servers { findings.append(greeting(of: server)) }
        let inspection = try ClusterCommand.asking { () throws(SharedLogError) in
            try StreamInspection.look(at: url, credentials: credentials)
        }
        findings += inspection.findings
        findings += look(at: monitors, inspection.servers)
        return report(findings, url)
    }

    private static func report(_ findings: [LogFinding], _ url: JetStreamURL) -> Report {
        func count(_ verdict: LogFinding.Verdict) -> Int {
            findings.count { $0.verdict == verdict }
        }
        var report = Report { writer in
            writer.member("log", "\(url)")
            writer.name("findings")
            writer.beginArray()
            for finding in findings {
                writer.beginObject()
                writer.member("verdict", finding.verdict.rawValue)
                writer.member("about", finding.about)
                writer.member("found", finding.found)
                if let toDo = finding.toDo { writer.member("toDo", toDo) }
                writer.endObject()
            }
            writer.endArray()
            writer.member("warnings", count(.warning))
            writer.member("problems", count(.problem))
        }
        if count(.problem) > 0 { report.exitCode = .data }
        return report
    }

    /// What a server says to who connects. One that is away may be, as long as the others keep the log.
    private static func greeting(of server: String) -> LogFinding {
        let beginning = Array("INFO ".utf8)
        guard let line = PlainQuestion(server)?.firstLine() else {
            return .warning(
                "server \(server)", "cannot be reached from here",
                toDo: "start it, or name servers in --log that this host reaches")
        }
        let text = line.starts(with: beginning) ? Array(line[beginning.count...]) : []
        return .greeting(text, of: server)
    }

    // MARK: Monitoring ports

    private static func monitors(_ arguments: Arguments) throws(CommandError) -> [String] {
        guard let text = arguments[Commands.logMonitors] else { return [] }
        var places: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let place = part.hasPrefix("http://") ? part.dropFirst(7) : ""
            let bare = place.hasSuffix("/") ? place.dropLast() : place
            guard PlainQuestion(bare) != nil else {
                throw .usage("--monitor: '\(part)' is none, expected http://HOST:8222[,http://…]")
            }
            places.append(String(bare))
        }
        return places
    }

    /// Looks at each server's settings, and whether that were all of the servers.
    private static func look(at monitors: [String], _ servers: [String]) -> [LogFinding] {
        if monitors.isEmpty {
            return [
                .warning(
                    "sync_interval",
                    "was not looked at: only a server's monitoring port tells it",
                    toDo:
                        "give --monitor http://HOST:8222 of each server, and have them listen there by "
                        + "'http: HOST:8222'")
            ]
        }
        var findings: [LogFinding] = []
        var seen: Set<String> = []
        for place in monitors {
            let question = PlainQuestion(place)
            guard let general = question?.get("/varz"),
                let storage = question?.get("/jsz?config=1")
            else {
                findings.append(
                    .warning(
                        "sync_interval", "\(place) cannot be asked",
                        toDo: "start that server, or give its monitoring port"))
                continue
            }
            let found = LogFinding.monitored(general, storage, at: place)
            seen.insert(found.server)
            findings += found.findings
        }
        for server in servers where !seen.contains(server) {
            findings.append(
                .warning(
                    "sync_interval", "of \(server) was not looked at",
                    toDo: "give its monitoring port to --monitor, too"))
        }
        return findings
    }
}
