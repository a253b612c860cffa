import Glibc
import HTTP2
import Synchronization

/// An application of a few routes that use every way to answer.
final class SampleApplication: Application {
    /// Memory that stays mapped, as the store's map does.
    // SAFETY: written once, never freed.
    nonisolated(unsafe) static let page: UnsafeRawBufferPointer = {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        for index in 0..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
        return UnsafeRawBufferPointer(bytes)
    }()

    /// Requests to /count that were carried out.
    let counted = Atomic<Int>(0)

    /// Whether there is a turn: without one the store's map may not be looked at.
    private var isAwake = false

    override func beginTurn() { isAwake = true }

    override func idle() { isAwake = false }

    override func admit(_ exchange: Exchange) {
        if exchange.path.elementsEqual("/refuse".utf8) { return exchange.respond(413) }
        if exchange.path.elementsEqual("/refuse/told".utf8) {
            exchange.respond(413)
            return exchange.setBody(copying: Array("too large".utf8))
        }
        exchange.admitBody(upTo: 1 << 20)
    }

    override func refuse(_ exchange: Exchange, _ refusal: Refusal) {
        switch refusal {
        case .fieldsTooLarge: exchange.respond(431)
        case .fieldRepeated: exchange.respond(400)
        case .bodyTooLarge: exchange.respond(413)
        case .bodyBudget: exchange.respond(503)
        case .bodyStalled: exchange.respond(408)
        }
    }

    override func mayBeLong(_ exchange: Exchange) -> Bool {
        ["/page", "/stream"].contains { exchange.path.elementsEqual($0.utf8) }
    }

    override func answer(_ exchange: Exchange) {
        let path = String(decoding: exchange.path, as: UTF8.self)
        switch path {
        case "/echo":
            exchange.respond(200)
            exchange.set(.contentType, "text/plain")
            exchange.setBody(copying: exchange.body)
        case "/page":
            exchange.respond(200)
            for index in 0..<16 {
                exchange.appendAttached(
                    UnsafeRawBufferPointer(rebasing: Self.page[index * 5_000..<(index + 1) * 5_000])
                )
            }
        case "/scattered":
            exchange.respond(200)
            // Neighbours are not neighbours in memory, and every other one is small.
            for index in 0..<3_000 {
                let start = index * 320
                exchange.appendAttached(
                    UnsafeRawBufferPointer(
                        rebasing: Self.page[start..<start + (index % 2 == 0 ? 300 : 40)]))
            }
        case "/stream":
            exchange.respond(200)
            exchange.expectMore(true)
        case "/fitting":
            exchange.respond(200)
            exchange.state.words.1 = UInt64(Self.fittingBytes)
            appendFitting(exchange)
        case "/breaking":
            exchange.respond(200)
            exchange.state.words.1 = UInt64(Self.fittingBytes)
            exchange.state.words.2 = UInt64(Self.fittingBytes / 2)
            appendFitting(exchange)
        case "/count":
            counted.add(1, ordering: .relaxed)
            exchange.respond(200)
        case "/never":
            _ = exchange.suspend()
        case "/later":
            let token = exchange.suspend()
            let thread = Later(token)
            thread.start()
        case _ where path.hasPrefix("/linked/"):
            exchange.respond(200)
            let length = Int(path.dropFirst("/linked/".count))!
            exchange.set(.link, copying: String(repeating: "l", count: length))
        default:
            exchange.respond(404)
            exchange.setBody(copying: exchange.path)
        }
    }

    /// Bytes of /fitting, in portions as large as they may be.
    static let fittingBytes = 4_000_000

    private func appendFitting(_ exchange: Exchange) {
        let left = Int(exchange.state.words.1)
        if left < exchange.state.words.2 { return exchange.abort() }
        let length = min(left, exchange.portionBytes)
        exchange.appendAttached(UnsafeRawBufferPointer(rebasing: Self.page[0..<length]))
        exchange.state.words.1 = UInt64(left - length)
        exchange.expectMore(left > length, isFitted: true)
    }

    /// Portions of 50 000 bytes, 20 of them.
    override func refill(_ exchange: Exchange) {
        if !isAwake { return exchange.abort() }
        if exchange.state.words.1 > 0 { return appendFitting(exchange) }
        let done = Int(exchange.state.words.0)
        exchange.appendAttached(UnsafeRawBufferPointer(rebasing: Self.page[0..<50_000]))
        exchange.state.words.0 += 1
        exchange.expectMore(done + 1 < 20)
    }
}

/// Answers an exchange from another thread.
final class Later: Sendable {
    private let token: ExchangeToken

    init(_ token: ExchangeToken) { self.token = token }

    func start() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                let later = Unmanaged<Later>.fromOpaque(context!).takeRetainedValue()
                usleep(20_000)
                later.token.resume { exchange in
                    exchange.respond(201)
                    Array("later".utf8).withUnsafeBytes { exchange.setBody(copying: $0) }
                }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        pthread_detach(thread)
    }
}

/// A server of sample applications on a socket of its own.
final class SampleServer {
    let path: String
    let server: Server
    private static let counter = Atomic<Int>(0)

    init(loops: Int = 1, bodies: BodyBudget = BodyBudget()) throws {
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        path = "/tmp/relay-http2-\(getpid())-\(number).sock"
        server = try Server(
            applications: (0..<loops).map { _ in SampleApplication() }, bodies: bodies)
        server.listen(try UnixSocket(path: path))
        try server.start()
    }

    deinit {
        server.stop(afterMilliseconds: 1_000)
        unlink(path + ".lock")
    }
}
