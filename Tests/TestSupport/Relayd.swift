import Glibc
import HTTP2
import JSON

/// A real relayd, on a store and a socket of its own.
public final class Relayd {
    /// The process.
    public let process: ChildProcess
    /// The API's socket.
    public let socket: String
    /// The admin socket.
    public let adminSocket: String
    /// What it printed so far.
    public var output: String { readText(log) }
    private let log: String

    /// Starts relayd and waits until it serves.
    ///
    /// - Parameters:
    ///   - store: the store's directory, or `:memory:`.
    ///   - directory: where sockets and output go.
    ///   - environment: variables beside those of the tests, as `NAME=value`.
    ///   - program: the relayd to start; the one that was built with the tests unless given.
    public init(
        store: String, in directory: TemporaryDirectory, arguments: [String] = [],
        environment: [String] = [], program: String = "relayd"
    ) throws {
        socket = directory.file("relay.sock")
        adminSocket = directory.file("admin.sock")
        log = directory.file("relayd.log")
        unlink(log)
        process = ChildProcess(
            program,
            ["--store", store, "--socket", socket, "--admin-socket", adminSocket] + arguments,
            output: log, environment: environment)
        for _ in 0..<2_000 {
            if output.contains("ready on ") { return }
            usleep(5_000)
        }
        throw TransportError.timedOut("the start of relayd: \(output)")
    }

    /// The relayd that tools/build made for release, or nil. Only there is it worth counting what the
    /// optimiser takes away, such as allocations.
    public static let releaseProgram: String? = {
        let path = ChildProcess.products + "/../release/relayd"
        return access(path, X_OK) == 0 ? path : nil
    }()

    /// The loopback address that it serves, such as `127.0.0.1:8080`, as it says when it is ready.
    public var loopback: Substring? {
        let lines = output.split(separator: "\n")
        let words = lines.first { $0.contains("ready on ") }?.split(separator: " ") ?? []
        return words.first { $0.hasPrefix("127.0.0.1:") }
    }

    /// Whether it logs this, now or soon: lines are written by a thread of their own, and what the engine of a
    /// log says against all expectation is believed after ten seconds.
    public func logs(_ text: String) -> Bool {
        for _ in 0..<6_000 {
            if output.contains(text) { return true }
            usleep(5_000)
        }
        return false
    }

    /// A new connection to the API.
    public func connect() throws -> ClientConnection { try ClientConnection(unix: socket) }

    /// A new API key.
    ///
    /// - Parameter limits: further members of the request, each behind a comma.
    public func makeKey(account: Int = 1, limits: String = "") throws -> String {
        let admin = try ClientConnection(unix: adminSocket)
        let body = Array("{\"account\":\(account)\(limits)}".utf8)
        let response = try admin.perform(
            ClientRequest(
                "POST", "/admin/keys", fields: [HeaderField("content-type", "application/json")],
                body: body))
        let parser = JSONParser()
        let value = try response.body.withUnsafeBytes { try parser.parse($0) }
        for (name, member) in value.members where name.matches("key") {
            if let text = member.string { return String(text) }
        }
        throw TransportError.connectionClosed("no key: \(response)")
    }

    /// Ends it in good order.
    ///
    /// - Returns: the exit code.
    @discardableResult
    public func stop() -> Int32 {
        process.signal(SIGTERM)
        return process.wait()
    }
}
