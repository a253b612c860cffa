import Glibc
import RelayStore
import Synchronization
import System

/// Sends messages on a thread of its own, because a socket may be full and libnats holds its locks while it
/// connects; and tells of those that get no answer. Keeps the connection.
final class Publisher: Sendable {
    private struct Waiting: Sendable {
        let message: [UInt8]
        let id: String
        let outcome: @Sendable (AppendOutcome) -> Void
    }

    private struct State {
        var waiting: [Waiting] = []
        var connection: EngineConnection
        var isClosed = false
        /// Why there is no connection.
        var why = ""
        /// A server refused this host, and none has taken it since.
        var isRefused = false
    }

    private let url: JetStreamURL
    private let host: String
    private let credentials: LogCredentials?
    private let events: EngineEvents
    private let state: Mutex<State>
    private let underWay: UnderWay
    private let bell: Bell
    private let thread = Mutex<SystemThread?>(nil)
    private let threadID = Atomic<UInt>(0)
    /// What all subjects begin with on which this host is answered: another host may not listen there.
    let inbox: String
    /// Rung when the connection was made, lost or closed; for the one thread that reads.
    let readerBell: Bell

    /// Begins to connect.
    init(
        _ url: JetStreamURL, host: String, credentials: LogCredentials?
    ) throws(SharedLogError) {
        try EngineConnection.load(for: url)
        (self.url, self.host, self.credentials) = (url, host, credentials)
        let inbox = "_INBOX.\(host).\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let (underWay, bell, readerBell) = (UnderWay(), Bell(), Bell())
        events = EngineEvents(
            subject: "\(inbox).a.*",
            onMessage: { underWay.end(by: $0) },
            onChange: {
                bell.ring()
                readerBell.ring()
            })
        (self.inbox, self.underWay, self.bell, self.readerBell) = (
            inbox, underWay, bell, readerBell
        )
        state = Mutex(
            State(
                connection: try EngineConnection(
                    url, name: "relayd \(host)", credentials: credentials, events: events)))
        do throws(ThreadError) {
            let thread = try SystemThread { [self] in run() }
            self.thread.withLock { $0 = thread }
        } catch {
            throw .unreachable(why: "\(error)")
        }
    }

    /// Takes a message to send; never waits.
    func append(
        _ message: [UInt8], id: String, _ outcome: @escaping @Sendable (AppendOutcome) -> Void
    ) {
        let refusal: String? = state.withLock { state in
            if state.isClosed { return Self.closed }
            guard state.connection.isConnected else { return words(state.why) }
            guard state.waiting.count + underWay.count < Limits.underWay else {
                return "\(Limits.underWay) messages are under way already"
            }
            state.waiting.append(Waiting(message: message, id: id, outcome: outcome))
            return nil
        }
        if let refusal { return outcome(.refused(why: refusal)) }
        bell.ring()
    }

    /// The connection, if it stands.
    func connection() throws(SharedLogError) -> EngineConnection {
        let (connection, why) = state.withLock { state in
            (state.connection, state.isClosed ? Self.closed : words(state.why))
        }
        guard why != Self.closed, connection.isConnected else { throw .unreachable(why: why) }
        return connection
    }

    /// Whether `close` was called.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Ends the connection and the thread: messages without an answer are told to be unknown. Waits for
    /// the thread, which waits for a write at most.
    func close() {
        let connection = state.withLock { state in
            state.isClosed = true
            return state.connection
        }
        bell.ring()
        readerBell.ring()
        connection.close()
        // An outcome that closes the log is told on this very thread.
        guard threadID.load(ordering: .acquiring) != UInt(pthread_self()) else { return }
        thread.withLock { $0.take() }?.join()
    }

    private static let closed = "the log was closed"

    private func words(_ why: String) -> String {
        let servers = url.servers.joined(separator: ", ")
        return "no connection to \(servers)" + (why.isEmpty ? "" : ": \(why)")
    }
}

// MARK: The thread

extension Publisher {
    private func run() {
        threadID.store(UInt(pthread_self()), ordering: .releasing)
        var number: UInt64 = 0
        var connection = state.withLock { $0.connection }
        var losses: UInt64 = 0
        var wallOffset = Self.wallOffset
        while true {
            let (waiting, isClosed) = state.withLock { state in
                defer { state.waiting = [] }
                return (state.waiting, state.isClosed)
            }
            if isClosed {
                for message in waiting { message.outcome(.refused(why: Self.closed)) }
                return underWay.endAll(why: Self.closed)
            }
            for message in waiting {
                number += 1
                send(message, number, over: connection)
            }
            note(connection)
            if connection.losses != losses {
                losses = connection.losses
                underWay.end(before: losses, why: "the connection was lost before the answer")
            }
            underWay.end(at: SystemClock.monotonic.milliseconds) { silence(of: connection) }
            let offset = Self.wallOffset
            if offset < wallOffset - Limits.clockStepMilliseconds { connection.close() }
            wallOffset = offset
            if connection.isClosed, let another = replace() {
                (connection, losses) = (another, 0)
            }
            _ = bell.waitForRing(milliseconds: patience(connection.isClosed))
        }
    }

    /// How far the wall clock is ahead of one that nobody sets. libnats waits by the wall clock: when that is
    /// set back, everything that waits in it, for a message or to connect again, waits so much longer. Only
    /// the end of the connection wakes it.
    private static var wallOffset: Int64 {
        SystemClock.wall.milliseconds - SystemClock.monotonic.milliseconds
    }

    /// How long there is nothing to do but when the bell rings.
    private func patience(_ isClosed: Bool) -> Int64 {
        if isClosed { return Limits.reconnectMilliseconds }
        guard let deadline = underWay.firstDeadline else { return Limits.clockStepMilliseconds }
        // A millisecond more: the clocks of both need not agree on its end.
        let wait = max(0, deadline - SystemClock.monotonic.milliseconds) + 1
        return min(wait, Limits.clockStepMilliseconds)
    }

    /// Keeps what can be said of a connection that does not stand, for those who must not wait for libnats.
    private func note(_ connection: EngineConnection) {
        if connection.isConnected { return state.withLock { $0.isRefused = false } }
        let why = connection.lastError
        state.withLock { state in
            // libnats gives up only where a server answers, and does not want this client.
            if connection.isClosed {
                state.isRefused = true
                state.why = "the server refuses this host, and says why in its own log (\(why))"
            } else if !state.isRefused, !why.isEmpty {
                state.why = why
            }
        }
    }

    /// Another connection in place of one that a server has refused.
    private func replace() -> EngineConnection? {
        underWay.endAll(why: "the engine ended the connection before the answer")
        do throws(SharedLogError) {
            let another = try EngineConnection(
                url, name: "relayd \(host)", credentials: credentials, events: events)
            let isLate = state.withLock { state in
                if !state.isClosed { state.connection = another }
                return state.isClosed
            }
            if isLate { another.close() }
            readerBell.ring()
            return isLate ? nil : another
        } catch {
            state.withLock { $0.why = "\(error)" }
            return nil
        }
    }

    /// What became of a message without an answer. A server answers nothing to who may not write, and says so
    /// beside it: libnats keeps that as the last error of the connection.
    private func silence(of connection: EngineConnection) -> AppendOutcome {
        let error = connection.lastError
        let words = error.lowercased()
        let isRefused = ["permissions violation", "relay.\(url.name).log.".lowercased()]
            .allSatisfy { words.contains($0) }
        guard isRefused else {
            return .unknown(why: "no answer within \(Limits.answerMilliseconds) ms")
        }
        return .declined(why: error)
    }

    private func send(_ message: Waiting, _ number: UInt64, over connection: EngineConnection) {
        let losses = connection.losses
        // Before it is connected libnats would keep a message, and send it later.
        guard connection.isConnected else {
            return message.outcome(.refused(why: words(connection.lastError)))
        }
        underWay.begin(
            number, losses: losses,
            deadline: SystemClock.monotonic.milliseconds + Limits.answerMilliseconds,
            message.outcome)
        switch connection.publish(
            message.message, to: "relay.\(url.name).log.\(host)", reply: "\(inbox).a.\(number)",
            id: message.id, stream: url.name)
        {
        case .sent: break
        case .refused:
            underWay.end(
                number, .refused(why: "libnats does not take its \(message.message.count) bytes"))
        case .unknown:
            underWay.end(number, .unknown(why: "it was sent in part: \(connection.lastError)"))
        }
    }
}
