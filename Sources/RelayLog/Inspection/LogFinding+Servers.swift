import JSON

/// What single servers say of themselves.
extension LogFinding {
    /// Of what a server of NATS says to who connects.
    public static func greeting(_ text: [UInt8], of address: String) -> LogFinding {
        let about = "server \(address)"
        let read = try? JSONParser().parse(text) { greeting -> LogFinding in
            let version = greeting["version"]?.string.map { String($0) } ?? ""
            let name = greeting["server_name"]?.string.map { String($0) } ?? ""
            let old = age(of: version, about, name)
            guard old.verdict == .ok else { return old }
            if let most = greeting["max_payload"]?.integer,
                let fault = PayloadFault(most: Int(most), of: name)
            {
                return .problem(about, fault.found, toDo: fault.toDo)
            }
            if greeting["jetstream"]?.boolean == true { return old }
            return .problem(
                about, "\(name) has no JetStream", toDo: "give it jetstream { store_dir: … }")
        }
        return read
            ?? .problem(about, "is no server of NATS", toDo: "look at the address in --log")
    }

    private static func age(of version: String, _ about: String, _ name: String) -> LogFinding {
        let least = Limits.leastServer
        if let number = ServerVersion(version), number >= least {
            return .ok(about, "\(name), \(version)")
        }
        return .problem(
            about, "\(name), \(version.isEmpty ? "of no version that it tells" : version)",
            toDo: "upgrade it: \(least) is the oldest that will do")
    }

    /// Of what a server's monitoring port says.
    ///
    /// - Parameters:
    ///   - general: its answer to `/varz`.
    ///   - storage: its answer to `/jsz?config=1`.
    /// - Returns: the server's name as well.
    public static func monitored(
        _ general: [UInt8], _ storage: [UInt8], at address: String
    ) -> (server: String, findings: [LogFinding]) {
        let parser = JSONParser()
        let about = "server at \(address)"
        let read = try? parser.parse(general) { general -> (String, String) in
            func text(_ name: StaticString) -> String {
                general[name]?.string.map { String($0) } ?? ""
            }
            return (text("server_name"), text("version"))
        }
        let isSynced = try? parser.parse(storage) { storage in
            storage["config"].map { $0["sync_always"]?.boolean ?? false }
        }
        guard let (server, version) = read, !server.isEmpty, let isSynced else {
            let found = LogFinding.problem(
                about, "is no monitoring port of NATS", toDo: "look at the address in --monitor")
            return ("", [found])
        }
        let setting: LogFinding =
            isSynced
            ? .ok("sync_interval", "\(server): always")
            : .problem(
                "sync_interval",
                "\(server) tells that it has kept a message up to two minutes before it has",
                toDo: "sync_interval: always in jetstream { … } of its settings, and start it again"
            )
        return (server, [age(of: version, about, server), setting])
    }
}
