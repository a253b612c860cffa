import Glibc
import Synchronization

/// Servers of NATS with JetStream on the loopback address: one, or three that keep streams together. Each
/// syncs what it writes before it says so.
public final class JetStreamServers {
    /// The program of a server, which PyPI has; nil when it cannot be had.
    public static let program: String? = {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let venv = ChildProcess.run(
            "bash", ["\(root)/tools/venv", "\(root)/tools/test.d/nats-server.txt"])
        guard venv.code == 0, let python = venv.output.split(separator: "\n").last,
            let slash = python.lastIndex(of: "/")
        else { return nil }
        let path = "\(python[..<slash])/nats-server"
        return access(path, X_OK) == 0 ? path : nil
    }()

    /// Whether tests with servers are to run: where continuous integration cannot have them, they fail.
    public static let areWanted = program != nil || getenv("CI") != nil

    /// Why they are left out.
    public static let absence = "there is no nats-server: PyPI cannot be reached"

    /// Ports for clients, in the order of the servers.
    public let ports: [UInt16]
    private let routes: [UInt16]
    private let directory = TemporaryDirectory()
    private var processes: [ChildProcess?]
    /// More lines for each server's configuration, from its next start on.
    public var settings: String
    private let login: String

    /// Starts servers and waits until they have a leader.
    ///
    /// - Parameters:
    ///   - settings: more lines for each server's configuration.
    ///   - login: who asks, see `EngineClient`.
    ///   - waits: whether it waits until strangers are answered.
    public init(
        _ count: Int = 1, settings: String = "", login: String = "", waits: Bool = true
    ) throws {
        let free = Self.freePorts(2 * count)
        ports = Array(free[..<count])
        routes = Array(free[count...])
        processes = Array(repeating: nil, count: count)
        (self.settings, self.login) = (settings, login)
        for server in 0..<count { start(server) }
        if waits { try waitForLeader() }
    }

    /// A process that is stopped ends as well.
    deinit { for process in processes { process?.signal(SIGKILL) } }

    /// `127.0.0.1:PORT` of each server, with commas.
    public var addresses: String { ports.map { "127.0.0.1:\($0)" }.joined(separator: ",") }

    /// What a server has printed.
    public func output(_ server: Int = 0) -> String { readText(directory.file("log\(server)")) }

    /// Starts a server, or starts it again with what it has on disk.
    public func start(_ server: Int) {
        var text = """
            server_name: s\(server)
            listen: "127.0.0.1:\(ports[server])"
            jetstream { store_dir: "\(directory.file("store\(server)"))", sync_interval: always }
            \(settings)

            """
        if ports.count > 1 {
            let routes = routes.map { "\"nats://127.0.0.1:\($0)\"" }.joined(separator: ", ")
            text += """
                cluster {
                    name: tests
                    listen: "127.0.0.1:\(self.routes[server])"
                    routes: [\(routes)]
                }

                """
        }
        let file = directory.file("conf\(server)")
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        var bytes = Array(text.utf8)
        let written = write(descriptor, &bytes, bytes.count)
        close(descriptor)
        precondition(written == bytes.count, "cannot write \(file)")
        precondition(Self.program != nil, Self.absence)
        processes[server] = ChildProcess(
            Self.program ?? "", ["--config", file], output: directory.file("log\(server)"))
    }

    /// Ends a server at once, as a power cut would.
    public func kill(_ server: Int) {
        processes[server]?.signal(SIGKILL)
        _ = processes[server]?.wait()
        processes[server] = nil
    }

    /// Has a server stand still.
    public func pause(_ server: Int) { processes[server]?.pause() }

    /// Has it go on.
    public func resume(_ server: Int) { processes[server]?.signal(SIGCONT) }

    /// Asks the first server that answers.
    public func ask(_ subject: String, _ body: String = "", headers: String = "") -> String? {
        for port in ports {
            let answer = EngineClient.ask(
                subject, body, headers: headers, port: port, login: login)
            if let answer { return answer }
        }
        return nil
    }

    /// The server that leads a stream now; nil when none does.
    public func leader(of stream: String) -> Int? {
        guard let answer = ask("$JS.API.STREAM.INFO.\(stream)"),
            let name = answer.firstRange(of: "\"leader\":\"s").map({ answer[$0.upperBound...] })
        else { return nil }
        return name.first?.wholeNumberValue
    }

    /// Waits until JetStream answers.
    public func waitForLeader() throws {
        for _ in 0..<600 {
            let answer = ask("$JS.API.STREAM.NAMES")
            if answer?.contains("stream_names_response") == true, !answer!.contains("\"error\"") {
                return
            }
            usleep(50_000)
        }
        throw EngineFailure(output: processes.indices.map(output).joined())
    }

    /// Ports that were given out: a test beside this one must not get them as well.
    private static let taken = Mutex<Set<UInt16>>([])

    /// Ports below those that the system gives to connections, so that none takes them meanwhile.
    public static func freePorts(_ count: Int) -> [UInt16] {
        taken.withLock { taken in
            var ports: [UInt16] = []
            while ports.count < count {
                let port = UInt16.random(in: 20_000..<32_000)
                if isFree(port), taken.insert(port).inserted { ports.append(port) }
            }
            return ports
        }
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        return withUnsafeBytes(of: &address) {
            bind(
                descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t($0.count)) == 0
        }
    }
}

/// Servers that have no leader.
public struct EngineFailure: Error, CustomStringConvertible {
    let output: String
    /// What they printed.
    public var description: String { "the servers have no leader:\n\(output)" }
}
