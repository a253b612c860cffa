import Options

/// `relayctl health`: what a container's health check runs.
enum HealthCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let socket = try AdminClient.socket(arguments)
        guard let relayd = try AdminClient(socket: socket) else {
            throw .notRunning(socket: socket)
        }
        let answer = Report(json: try relayd.perform("GET", "/readyz"))
        let damaged = answer.text("damagedDocuments", or: "damagedDocuments").flatMap { Int($0) }
        return Report { writer in
            writer.member("ready", true)
            if let damaged { writer.member("damagedDocuments", damaged) }
        }
    }
}
