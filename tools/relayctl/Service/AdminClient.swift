import Glibc
import HTTP2
import JSON
import Options

/// The relayd that serves a store, asked over its admin socket.
///
/// While relayd runs, keys are changed through it: it is the store's writer, and its event loops
/// remember keys that they have seen, so a change made behind its back would not hold at once.
struct AdminClient {
    private let connection: ClientConnection

    /// Nil when nobody listens there: then the store is ours to open.
    init?(socket: String) throws(CommandError) {
        do throws(TransportError) {
            connection = try ClientConnection(unix: socket)
        } catch {
            // No socket, or one that a dead process has left behind.
            if case .system(_, let code) = error, [ENOENT, ENOTDIR, ECONNREFUSED].contains(code) {
                return nil
            }
            if case .system(_, let code) = error {
                throw .system(call: "connect to", path: socket, errno: code)
            }
            throw .transport(error)
        }
    }

    /// Where to ask: the socket that was named, or the one in the store.
    static func socket(_ arguments: Arguments) throws(CommandError) -> String {
        if let named = arguments[Commands.adminSocket] { return named }
        guard let store = arguments[Commands.anyStore] else { throw .nothingToAsk }
        return store + "/admin.sock"
    }

    /// The relayd that serves; nil when nobody does and the store itself is there to be opened.
    /// Whoever names a socket means a relayd: to go behind its back would be a surprise.
    static func serving(_ arguments: Arguments) throws(CommandError) -> AdminClient? {
        let socket = try socket(arguments)
        if let relayd = try AdminClient(socket: socket) { return relayd }
        if arguments[Commands.adminSocket] != nil { throw .notRunning(socket: socket) }
        return nil
    }

    /// Sends a request and gives the body of its answer; any status that is not 2xx is an error.
    func perform(
        _ method: String, _ path: String, body: [UInt8] = []
    ) throws(CommandError) -> [UInt8] {
        try receive(try send(method, path, body: body), timeout: Limits.adminTimeout)
    }

    /// Sends a request with all of its body and does not wait for the answer; gives its stream, for
    /// `receive`.
    ///
    /// - Parameter timeout: milliseconds without a byte from relayd while it takes no more of the body.
    func send(
        _ method: String, _ path: String, body: [UInt8] = [],
        timeout: Int32 = Limits.adminTimeout
    ) throws(CommandError) -> Int32 {
        var fields = [HeaderField("accept", "application/json")]
        if !body.isEmpty {
            fields.append(HeaderField("content-type", "application/json"))
            fields.append(HeaderField("content-length", "\(body.count)"))
        }
        let request = ClientRequest(method, path, fields: fields, body: body)
        do throws(TransportError) {
            let stream = try connection.send(request)
            try connection.flush(bodyOf: stream, timeout: timeout)
            return stream
        } catch {
            throw .transport(error)
        }
    }

    /// The body of a request's answer.
    ///
    /// - Parameter timeout: milliseconds without a byte from relayd.
    func receive(_ stream: Int32, timeout: Int32) throws(CommandError) -> [UInt8] {
        let response: ClientResponse
        do throws(TransportError) {
            response = try connection.run(until: stream, timeout: timeout)
            // What the answer asks of the connection, such as to acknowledge settings, is due now.
            try connection.flush()
        } catch {
            throw .transport(error)
        }
        guard (200...299).contains(response.status) else {
            throw .refused(status: response.status, detail: Self.detail(response.body))
        }
        return response.body
    }

    /// The sentence in a problem+json body, or the body itself if it is none.
    private static func detail(_ body: [UInt8]) -> String {
        let text = Report(json: body).text("detail", or: "title")
        return text ?? String(decoding: body, as: UTF8.self)
    }
}
