import Glibc
import Options
import System

/// `relayctl wait`: returns when relayd is ready, for scripts that start it.
enum WaitCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> Report {
        let socket = try AdminClient.socket(arguments)
        let timeout = arguments[Commands.timeout]
        let started = now()
        var seen = "nothing"
        repeat {
            if let reason = look(socket) {
                seen = reason
            } else {
                let waited = now() - started
                return Report { writer in
                    writer.member("ready", true)
                    writer.member("milliseconds", waited)
                }
            }
            usleep(Limits.waitPause)
        } while now() - started < timeout
        throw .notReady(milliseconds: timeout, seen: seen)
    }

    /// Nil when relayd is ready, else why it is not.
    private static func look(_ socket: String) -> String? {
        do throws(CommandError) {
            guard let relayd = try AdminClient(socket: socket) else {
                return "no process listens on \(socket)"
            }
            _ = try relayd.perform("GET", "/readyz")
            return nil
        } catch {
            return error.description
        }
    }

    private static func now() -> Int { Int(SystemClock.monotonic.milliseconds) }
}
