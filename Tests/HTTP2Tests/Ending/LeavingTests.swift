import Glibc
import Testing

@testable import HTTP2

/// A connection that takes no further streams stays open as long as an answer is on its way. What else its
/// client sends then is paid for like before.
@Suite("A connection that one long answer keeps open after its GOAWAY")
struct LeavingTests {
    @Test(
        "is read no further when its client goes on for ever.",
        arguments: [
            Flood("RST_STREAM") { _ in RawConnection.frame(3, stream: 3, Frames.word(8)) },
            Flood("HEADERS") { RawConnection.get("/missing", stream: $0) },
            Flood("HEADERS and CONTINUATION") { stream in
                Frames.headers([0x82], flags: 0, stream: stream)
                    + (1..<Limits.continuations).flatMap { _ in
                        Frames.continuation([], flags: 0, stream: stream)
                    } + Frames.continuation([], stream: stream)
            },
            Flood("HEADERS and DATA") {
                RawConnection.post("/echo", stream: $0) + Frames.data([1], stream: $0)
            },
            Flood("DATA behind an end") { _ in Frames.data([1], flags: 0, stream: 3) },
            Flood("empty DATA behind an end") { _ in Frames.data([], stream: 3) },
            Flood("trailers behind an end") { _ in Frames.headers([], stream: 3) },
            Flood("GOAWAY") { _ in RawConnection.frame(7, Frames.word(0) + Frames.word(0)) },
            Flood("PRIORITY") { RawConnection.frame(2, stream: $0, [0, 0, 0, 0, 15]) },
            Flood("PRIORITY_UPDATE") { RawConnection.frame(16, Frames.word($0)) },
            Flood("WINDOW_UPDATE") { _ in Frames.windowUpdate(1, stream: 3) },
            Flood("SETTINGS") { _ in Frames.settings(4, 65_535) },
            Flood("PING") { _ in Frames.ping },
            Flood("an unknown type") { _ in RawConnection.frame(0xBA) },
        ])
    func flood(flood: Flood) throws {
        let client = try LeavingClient()
        #expect(client.isCutOff(by: flood), "\(flood)")
    }

    @Test("is closed when its client spends a ration twice in one write.")
    func twice() throws {
        let malformed = (1..<3 * Limits.provokedResetsPerSecond).flatMap {
            Frames.headers([0x86], stream: UInt32($0) * 2 + 1)
        }
        // Not one of them is read to its end, so as many are open as may be.
        let tooMany = (1..<Int(Limits.maxConcurrentStreams) + 3 * Limits.resetBurst).flatMap {
            RawConnection.get("/stream", stream: UInt32($0) * 2 + 1)
        }
        for (frames, farewell) in [
            (malformed, Farewell.provokedResets), (tooMany, Farewell.refusals),
        ] {
            let server = try SampleServer()
            let client = try RawConnection(server.path, acknowledges: false)
            client.write(RawConnection.get("/stream", stream: 1) + frames)
            #expect(client.first(RawConnection.goAway)?.debugText == farewell.text)
            #expect(client.isClosed(timeout: 1_000))
        }
    }

    @Test("is answered to its end when its client stays within twice a limit.")
    func within() throws {
        let client = try LeavingClient()
        client.connection.write(
            (0..<Limits.resetBurst / 2).flatMap { _ in
                RawConnection.frame(3, stream: 3, [0, 0, 0, 8])
            })
        #expect(client.isAnswered())
    }
}

/// Frames for ever.
struct Flood: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Makes one, given the id of a stream that was not used yet.
    let frames: @Sendable (_ unused: UInt32) -> [UInt8]

    init(_ name: String, _ frames: @escaping @Sendable (_ unused: UInt32) -> [UInt8]) {
        testDescription = name
        self.frames = frames
    }
}

/// A client with a long answer on its way, on a connection whose server has said GOAWAY.
private final class LeavingClient {
    private let server: SampleServer
    let connection: RawConnection
    private static let long: UInt32 = 1
    /// Streams 3 to this one are closed.
    private static let closed: UInt32 = 2 * UInt32(Limits.resetBurst + 200) + 1

    init() throws {
        server = try SampleServer()
        connection = try RawConnection(server.path)
        // Of its million bytes the window lets 65 535 through.
        connection.write(RawConnection.get("/stream", stream: Self.long))
        // Some more than the burst, for those that time gives back.
        let cancelled = stride(from: 3, through: Self.closed, by: 2).flatMap { id in
            RawConnection.get("/never", stream: id)
                + RawConnection.frame(RawConnection.resetStream, stream: id, [0, 0, 0, 8])
        }
        connection.write(cancelled)
        _ = try #require(connection.first(RawConnection.goAway))
    }

    /// Whether the server reads no further, within as many frames as no ration has, and says why.
    func isCutOff(by flood: Flood) -> Bool {
        for index in 0..<500 {
            let frames = (0..<100).flatMap {
                flood.frames(Self.closed + 2 + 2 * UInt32(index * 100 + $0))
            }
            if !connection.write(frames) { break }
            while let frame = connection.next(timeout: 0) {
                guard frame.type == RawConnection.goAway else { continue }
                return frame.errorCode == 11 && connection.isClosed(timeout: 1_000)
            }
        }
        return false
    }

    /// Whether the rest of the long answer comes.
    func isAnswered() -> Bool {
        connection.write(
            Frames.windowUpdate(1 << 24, stream: 0)
                + Frames.windowUpdate(1 << 24, stream: Self.long))
        return connection.awaitsEnd(of: Self.long)
    }
}
