import JSON
import RelayStore

/// Looks at everything about a log's stream that matters to hosts which write through it.
public struct StreamInspection: Sendable {
    /// What was found.
    public private(set) var findings: [LogFinding] = []
    /// The servers that keep it, by their names, as far as the engine tells.
    public private(set) var servers: [String] = []
    private let name: String

    /// Asks the engine for a log's stream. What is wrong with that is a finding as well.
    public static func look(
        at url: JetStreamURL, credentials: LogCredentials?
    ) throws(SharedLogError) -> StreamInspection {
        let publisher = try Publisher(
            url, host: HostName.relayctl.text, credentials: credentials)
        defer { publisher.close() }
        var questions = Questions(publisher, log: url.name, token: "q")
        do throws(SharedLogError) {
            return try questions.inspect()
        } catch {
            let advice =
                switch error {
                case .missing:
                    "relayctl cluster init begins a log; if it was there, see relayctl cluster restart-log"
                default: "start the servers of \(url), and look at what they log"
                }
            var inspection = StreamInspection(url.name)
            inspection.findings.append(.problem("stream", "\(error)", toDo: advice))
            return inspection
        }
    }

    private init(_ name: String) { self.name = name }

    /// Reads the engine's answer to a question about a stream.
    init(_ answer: JSONValue, name: String) throws(SharedLogError) {
        self.init(name)
        if let error = answer["error"] { throw StreamDescription.failure(error, of: name) }
        guard let configuration = answer["config"], let state = answer["state"] else {
            throw .unreachable(why: "the engine's answer about the log \(name) cannot be read")
        }
        lookAtIdentity(configuration["metadata"])
        let replicas = configuration["num_replicas"]?.integer ?? 0
        lookAtReplicas(replicas, configuration["metadata"])
        lookAtServers(answer["cluster"], replicas)
        lookAtKeeping(configuration)
        lookAtRights(configuration)
        let bytes = state["bytes"]?.integer ?? 0
        findings.append(
            .ok(
                "messages",
                "\(state["first_seq"]?.integer ?? 0) to \(state["last_seq"]?.integer ?? 0), "
                    + "\(bytes) bytes"))
    }

    private mutating func lookAtIdentity(_ metadata: JSONValue?) {
        if let identity = metadata?["relay.identity"]?.string.flatMap({ LogIdentity(String($0)) }) {
            findings.append(.ok("identity", "\(identity)"))
        } else {
            findings.append(
                .problem(
                    "identity", "the stream \(name) has none in its metadata",
                    toDo: "give another name: relayctl cluster init makes the stream itself"))
        }
    }

    private mutating func lookAtReplicas(_ replicas: Int64, _ metadata: JSONValue?) {
        let wanted = metadata?["relay.replicas"]?.string.flatMap { Int64(String($0)) }
        let found = "servers that keep each message: \(replicas)"
        let toDo = "nats stream edit \(name) --replicas \(max(wanted ?? 0, Int64(Limits.replicas)))"
        if replicas < wanted ?? Int64(Limits.replicas) {
            findings.append(.problem("replicas", found, toDo: toDo))
        } else if replicas < Int64(Limits.replicas) {
            findings.append(
                .warning("replicas", "\(found): writes can be lost with a server", toDo: toDo))
        } else {
            findings.append(.ok("replicas", found))
        }
    }

    /// Who leads, and whether the others have all of it.
    private mutating func lookAtServers(_ cluster: JSONValue?, _ replicas: Int64) {
        guard let cluster else { return }
        if let leader = cluster["leader"]?.string.map({ String($0) }), !leader.isEmpty {
            servers.append(leader)
            findings.append(.ok("leader", leader))
        } else {
            findings.append(
                .problem(
                    "leader", "there is none, so nothing can be written",
                    toDo: "start the servers that are away, until most of them are there"))
        }
        for peer in cluster["replicas"].map({ Array($0.elements) }) ?? [] {
            let server = peer["name"]?.string.map { String($0) } ?? "a server"
            servers.append(server)
            let lag = peer["lag"]?.integer ?? 0
            let silence = (peer["active"]?.integer ?? 0) / 1_000_000_000
            if peer["offline"]?.boolean == true || silence >= Limits.silentSeconds {
                findings.append(
                    .problem(
                        "copy", "\(server) is away, for \(silence) s",
                        toDo: "start it, and look at what it logs"))
            } else if peer["current"]?.boolean == true {
                findings.append(.ok("copy", "\(server) is current"))
            } else {
                findings.append(
                    .warning(
                        "copy", "\(server) is behind by \(lag) messages",
                        toDo: "wait until it has caught up before another server is stopped"))
            }
        }
        if servers.count < replicas {
            findings.append(
                .problem(
                    "copy", "servers that are known to keep it: \(servers.count) of \(replicas)",
                    toDo: "start the others"))
        }
    }

    /// What may take messages away, or refuse them.
    private mutating func lookAtKeeping(_ configuration: JSONValue) {
        let age = configuration["max_age"]?.integer ?? 0
        func text(_ name: StaticString) -> String {
            configuration[name]?.string.map { String($0) } ?? ""
        }
        if text("storage") == "file" {
            findings.append(.ok("storage", "in files"))
        } else {
            findings.append(
                .problem(
                    "storage", "in memory: what was acknowledged goes with the servers",
                    toDo: "relayctl cluster restart-log under another name"))
        }
        if text("retention") != "limits" {
            findings.append(
                .problem(
                    "retention", "\(text("retention")): messages go before all hosts have them",
                    toDo: "nats stream edit \(name) --retention limits"))
        } else {
            findings.append(keeping(nanoseconds: age))
        }
        let limits: [(StaticString, String)] = [
            ("max_msgs", "--max-msgs"), ("max_bytes", "--max-bytes"),
            ("max_msgs_per_subject", "--max-msgs-per-subject"),
        ]
        for (member, option) in limits {
            guard let limit = configuration[member]?.integer, limit > 0 else { continue }
            findings.append(
                .problem(
                    "limits",
                    "\(member) is \(limit): messages go, or are refused, before their time",
                    toDo: "nats stream edit \(name) \(option)=-1"))
        }
        if let most = configuration["max_msg_size"]?.integer, most >= 0,
            most < RelayStore.Limits.messageBytes
        {
            findings.append(
                .problem(
                    "limits",
                    "max_msg_size is \(most): a message has up to "
                        + "\(RelayStore.Limits.messageBytes) bytes",
                    toDo: "nats stream edit \(name) --max-msg-size=-1"))
        }
    }

    /// For how long messages are kept: 0 stands for ever.
    private func keeping(nanoseconds age: Int64) -> LogFinding {
        let second = Int64(StreamConfiguration.nanoseconds)
        let day = 86_400 * second
        let days = age / day
        let toDo =
            "nats stream edit \(name) --max-age \(Limits.keptDays)d: a host that is off for longer has to "
            + "join anew"
        return switch age {
        case 0: .ok("retention", "messages are kept for ever")
        case ..<day:
            .problem("retention", "messages are kept for \(age / second) s only", toDo: toDo)
        case ..<(day * Int64(Limits.keptDays)):
            .warning("retention", "messages are kept for \(days) days", toDo: toDo)
        default: .ok("retention", "\(days) days")
        }
    }

    /// What may be done with it.
    private mutating func lookAtRights(_ configuration: JSONValue) {
        var wrong: [String] = []
        if configuration["deny_delete"]?.boolean != true { wrong.append("deny_delete is not set") }
        if configuration["allow_direct"]?.boolean != true {
            wrong.append("allow_direct is not set")
        }
        if configuration["allow_rollup_hdrs"]?.boolean == true {
            wrong.append("rollups are allowed")
        }
        if configuration["sealed"]?.boolean == true { wrong.append("it is sealed") }
        if configuration["mirror"] != nil { wrong.append("it is a mirror") }
        if configuration["sources"] != nil { wrong.append("it has sources") }
        let subjects = configuration["subjects"].map { Array($0.elements) } ?? []
        if subjects.count != 1 || subjects[0].string.map({ String($0) }) != "relay.\(name).log.>" {
            wrong.append("its subjects are not relay.\(name).log.>")
        }
        if wrong.isEmpty {
            findings.append(.ok("stream", "is as relayctl cluster init makes it"))
        } else {
            findings.append(
                .problem(
                    "stream", wrong.joined(separator: ", "),
                    toDo:
                        "nats stream edit \(name), or relayctl cluster restart-log under another name"
                ))
        }
    }
}
