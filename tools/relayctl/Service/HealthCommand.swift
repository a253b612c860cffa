import Options

/// `relayctl health`: what a container's health check runs.
enum HealthCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let socket = try AdminClient.socket(arguments)
        guard let relayd = try AdminClient(socket: socket) else {
            throw .notRunning(socket: socket)
        }
        _ = try relayd.perform("GET", "/readyz")
        return Report { $0.member("ready", true) }
    }
}
