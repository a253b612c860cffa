import CLinux
import Glibc
import HTTP2
import RelayContract
import RelayStore
import Synchronization
import System

/// Serves `/metrics`, `/livez` and `/readyz` in HTTP/1.1 on a loopback port: Prometheus and kubelets
/// speak nothing else. On a thread of its own, so that neither gets in the way of the API.
///
/// GET and HEAD, one request for each connection. There are `Limits.plainConnections` at once, and each
/// has `Limits.plainMilliseconds` from its beginning to its end; others wait to be accepted.
final class PlainServer: Sendable {
    private let socket: LoopbackSocket
    private let journal: ConnectionJournal
    private let progress: StartProgress
    /// What is asked once the start is over.
    private let service = Mutex<PlainService?>(nil)
    private let thread = Mutex<SystemThread?>(nil)
    private let isStopping = Atomic<Bool>(false)
    private let wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    init(_ socket: LoopbackSocket, _ journal: ConnectionJournal, _ progress: StartProgress) {
        self.socket = socket
        self.journal = journal
        self.progress = progress
    }

    deinit { close(wake) }

    /// Has a service asked from here on.
    func open(to service: PlainService) { self.service.withLock { $0 = service } }

    /// Lets clients connect and starts the thread.
    func start() throws(TransportError) {
        try socket.listen()
        do throws(ThreadError) {
            let made = try SystemThread { [self] in run() }
            thread.withLock { $0 = made }
        } catch {
            throw .noThread(error)
        }
    }

    /// Ends the thread, and with it all connections.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        _ = eventfd_write(wake, 1)
        thread.withLock { $0?.join() }
    }

    private func run() {
        var connections: [PlainConnection] = []
        while !isStopping.load(ordering: .acquiring) {
            turn(&connections)
        }
        for connection in connections { close(connection.socket) }
    }

    private func turn(_ connections: inout [PlainConnection]) {
        let hasRoom = connections.count < Limits.plainConnections
        var waits = connections.map { pollfd(fd: $0.socket, events: $0.events, revents: 0) }
        waits.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0))
        // poll(2) ignores an entry whose descriptor is negative.
        let listener = hasRoom ? socket.descriptor : -1
        waits.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
        let end = connections.map(\.deadline).min()
        let now = SystemClock.monotonic.milliseconds
        poll(&waits, nfds_t(waits.count), end.map { Int32(max(0, $0 - now)) } ?? -1)
        let after = SystemClock.monotonic.milliseconds
        var kept: [PlainConnection] = []
        for (index, var connection) in connections.enumerated() {
            var goesOn = after < connection.deadline
            if goesOn, waits[index].revents != 0 { goesOn = connection.goOn(respond) }
            if goesOn { kept.append(connection) } else { close(connection.socket) }
        }
        if waits.last?.revents != 0 { takeIn(&kept, after) }
        connections = kept
    }

    private func takeIn(_ connections: inout [PlainConnection], _ now: Int64) {
        let descriptor = relay_accept(socket.descriptor)
        if descriptor >= 0 {
            let deadline = now + Limits.plainMilliseconds
            connections.append(PlainConnection(descriptor, deadline: deadline))
        } else if errno != EAGAIN, errno != EINTR, errno != ECONNABORTED {
            // Out of descriptors, for one: what waits would wake this thread at once again.
            journal.note(
                .failed,
                "nothing can be accepted on \(socket.endpoint): \(String(cString: strerror(errno)))"
            )
            var pause = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
            poll(&pause, 1, Limits.plainPauseMilliseconds)
        }
    }

    /// Answers what has come; nil while it is no whole request.
    private func respond(_ received: [UInt8]) -> [UInt8]? {
        switch PlainRequest.read(received) {
        case .incomplete:
            if received.count < Limits.plainHeadBytes { return nil }
            let text = "a request has at most \(Limits.plainHeadBytes) bytes"
            return PlainAnswer(431, text: text).bytes(isHead: false)
        case .malformed:
            let text = "expected a request of HTTP/1.1, such as GET /metrics HTTP/1.1"
            return PlainAnswer(400, text: text).bytes(isHead: false)
        case .request(let request):
            return answer(request).bytes(isHead: request.method == "HEAD")
        }
    }

    private func answer(_ request: PlainRequest) -> PlainAnswer {
        let known: [Substring] = ["/metrics", "/livez", "/readyz"]
        guard known.contains(request.path) else {
            return PlainAnswer(404, text: "there is /metrics, /livez and /readyz")
        }
        guard request.method == "GET" || request.method == "HEAD" else {
            return PlainAnswer(405, text: "GET and HEAD only", fields: "Allow: GET, HEAD\r\n")
        }
        if request.path == "/livez" {
            return PlainAnswer(200, "application/json", Readiness.alive)
        }
        guard let service = service.withLock({ $0 }) else {
            return PlainAnswer(progress.problem, request.path)
        }
        return service.answer(request)
    }
}
