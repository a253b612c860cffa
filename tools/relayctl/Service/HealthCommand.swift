import Options

/// `relayctl health`: what a container's health check runs.
enum HealthCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let socket = try AdminClient.socket(arguments)
        guard let relayd = try AdminClient(socket: socket) else {
            throw .notRunning(socket: socket)
        }
        let answer = Report(json: try relayd.perform("GET", "/readyz"))
        return Report { writer in
            writer.member("ready", true)
            for name in ["damagedDocuments", "failedReads"] as [StaticString] {
                let count = answer.text(name, or: name).flatMap { Int($0) }
                if let count { writer.member(name, count) }
            }
            for name in ["failingWrites", "writesRefused"] as [StaticString] {
                if let why = answer.text(name, or: name) { writer.member(name, why) }
            }
        }
    }
}
