import HTTP2

/// relayd's figures, asked for again and again, whatever becomes of it: a relayd that stands still is
/// waited for, one that has gone is looked for until there is one again.
final class TopFeed {
    /// What came of looking for an answer.
    enum Outcome {
        case sample(TopSample)
        /// Nothing yet.
        case waiting
        /// There is nobody to wait for, and why.
        case lost(String)
    }

    private let socket: String
    private var relayd: AdminClient?
    /// The request that has no answer yet.
    private var stream: Int32?
    /// When it was sent.
    private(set) var askedAt = 0

    /// - Parameter relayd: a connection to the socket.
    init(_ socket: String, _ relayd: AdminClient) {
        self.socket = socket
        self.relayd = relayd
    }

    /// Whether an answer is due.
    var isAsked: Bool { stream != nil }

    /// Asks, over a new connection if there is none; gives the reason if that cannot be done.
    func ask() -> String? {
        askedAt = TopSample.now()
        do throws(CommandError) {
            if relayd == nil { relayd = try AdminClient(socket: socket) }
            guard let relayd else { return "no process listens on \(socket)" }
            stream = try relayd.send("GET", "/admin/stat")
            return nil
        } catch {
            return lose(error)
        }
    }

    /// Looks for the answer for so many milliseconds.
    func take(within milliseconds: Int32) -> Outcome {
        guard let relayd, let stream else { return .waiting }
        do throws(CommandError) {
            let answer = try relayd.receive(stream, timeout: milliseconds)
            self.stream = nil
            guard let sample = TopSample(answer, time: TopSample.now()) else {
                return .lost(lose(.refused(status: 200, detail: "the figures are not JSON")))
            }
            return .sample(sample)
        } catch {
            if case .transport(.timedOut) = error { return .waiting }
            return .lost(lose(error))
        }
    }

    private func lose(_ error: CommandError) -> String {
        (relayd, stream) = (nil, nil)
        return error.description
    }
}
