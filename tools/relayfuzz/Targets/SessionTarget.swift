import Glibc

@testable import HTTP2

/// Whatever a client sends on a connection, wherever it is cut: what comes back are whole frames, the
/// connection ends when its client goes, and all that it took is given back.
///
/// The first byte says whether the preface and SETTINGS go ahead, and in how many turns the rest is read.
enum SessionTarget {
    private static let loop = makeLoop()

    /// What a server may send (RFC 9113 §6).
    private static let types: Set<UInt8> = [0, 1, 3, 4, 6, 7, 8]

    private static func makeLoop() -> EventLoop {
        guard let loop = try? EventLoop(application: Answers()) else {
            fatalError("no epoll instance for a loop")
        }
        return loop
    }

    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return }
        loop.adopt(ends[0])
        let begin = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
        let input = (first & 1 == 0 ? begin : []) + bytes.dropFirst()
        let turns = Int(first >> 1 & 7) + 1
        let size = max(1, (input.count + turns - 1) / turns)
        var output: [UInt8] = []
        for start in stride(from: 0, to: input.count, by: size) {
            let part = input[start..<min(start + size, input.count)]
            // SAFETY: send(2) copies the part inside the closure.
            _ = part.withUnsafeBytes {
                send(ends[1], $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            loop.turn(timeout: 0)
            read(ends[1], into: &output)
        }
        if first & 16 != 0 { shutdown(ends[1], Int32(SHUT_WR)) }
        loop.turn(timeout: 0)
        read(ends[1], into: &output)
        close(ends[1])
        for _ in 0..<50 where loop.connectionCount > 0 { loop.turn(timeout: 0) }
        Target.require(loop.connectionCount == 0, "a connection outlives its client")
        Target.require(loop.loop.pool.inUse == 0, "a stream outlives its connection")
        Target.require(loop.bodies.usedBytes == 0, "a body outlives its stream")
        // Who begins with something else may get the answer of another protocol.
        let isForeign =
            !input.starts(with: "PRI".utf8)
            && [ForeignProtocol.http1, .tls].contains { $0.answer == output }
        if !isForeign { checkFrames(output) }
    }

    private static func read(_ socket: Int32, into output: inout [UInt8]) {
        // SAFETY: recv(2) writes as many bytes as are then read.
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
            while true {
                let count = recv(socket, buffer.baseAddress!, buffer.count, 0)
                if count <= 0 { return }
                output += buffer[..<count]
            }
        }
    }

    private static func checkFrames(_ bytes: [UInt8]) {
        var position = 0
        while bytes.count - position >= 9 {
            let length =
                Int(bytes[position]) << 16 | Int(bytes[position + 1]) << 8
                | Int(bytes[position + 2])
            let isKnown = types.contains(bytes[position + 3])
            Target.require(isKnown && length <= Limits.dataFrameBytes, "no frame of a server")
            position += 9 + length
        }
    }
}

/// Answers in every way there is.
private final class Answers: Application {
    // SAFETY: written once, never freed.
    nonisolated(unsafe) private static let page: UnsafeRawBufferPointer = {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 100_000, alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 7)
        return UnsafeRawBufferPointer(bytes)
    }()

    override func mayBeLong(_ exchange: Exchange) -> Bool { exchange.path.count > 4 }

    override func admit(_ exchange: Exchange) {
        switch exchange.path.count {
        case 2: exchange.respond(413)
        case 3: exchange.admitStreamedBody(upTo: 1 << 20)
        default: exchange.admitBody(upTo: 1 << 16)
        }
    }

    override func receive(_ exchange: Exchange, _ bytes: UnsafeRawBufferPointer) -> Int {
        bytes.count
    }

    override func refuse(_ exchange: Exchange, _ refusal: Refusal) { exchange.respond(400) }

    override func answer(_ exchange: Exchange) {
        // What writes is carried out when its client has gone, however long that takes.
        if exchange.path.count == 4, exchange.method.isSafe {
            _ = exchange.suspend()
            return
        }
        exchange.respond(200)
        switch exchange.path.count {
        case 5: exchange.setBody(copying: exchange.body)
        case 6: exchange.expectMore(true)
        case 7: exchange.appendAttached(Self.page)
        default: exchange.set(.etag, copying: exchange.path)
        }
    }

    override func refill(_ exchange: Exchange) {
        exchange.state.words.0 += 1
        // SAFETY: the page is never freed.
        exchange.appendAttached(UnsafeRawBufferPointer(rebasing: Self.page[..<50_000]))
        exchange.expectMore(exchange.state.words.0 < 5)
    }
}
