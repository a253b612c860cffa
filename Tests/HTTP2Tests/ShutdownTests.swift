import Glibc
import Testing

@testable import HTTP2

@Suite("A server that stops")
struct ShutdownTests {
    /// Stops a server on another thread; `join` says how long that took.
    private final class Stopping: @unchecked Sendable {
        // SAFETY: written by the thread that `join` waits for.
        private var milliseconds = 0
        private var thread = pthread_t()
        private let server: Server

        init(_ server: Server) {
            self.server = server
            pthread_create(
                &thread, nil,
                { context in
                    // SAFETY: retained below for the thread.
                    let stopping = Unmanaged<Stopping>.fromOpaque(context!).takeRetainedValue()
                    let start = Stopping.now()
                    stopping.server.stop()
                    stopping.milliseconds = Stopping.now() - start
                    return nil
                }, Unmanaged.passRetained(self).toOpaque())
        }

        func join() -> Int {
            pthread_join(thread, nil)
            return milliseconds
        }

        private static func now() -> Int {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
        }
    }

    @Test("says so first, takes what is on its way, and then names the last stream.")
    func notice() throws {
        let sample = try SampleServer()
        let client = try RawConnection(sample.path)
        client.write(RawConnection.get("/missing", stream: 1))
        #expect(client.first(RawConnection.headers)?.stream == 1)
        let stopping = Stopping(sample.server)
        let notice = try #require(client.first(RawConnection.goAway))
        #expect(notice.payload.prefix(4).elementsEqual([0x7F, 255, 255, 255]))
        #expect(notice.errorCode == 0)
        #expect(notice.debugText == Farewell.shutdownNotice.text)
        client.write(RawConnection.get("/missing", stream: 3))
        #expect(client.first(RawConnection.headers)?.stream == 3)
        let goodbye = try #require(client.first(RawConnection.goAway))
        #expect(goodbye.payload.prefix(4).elementsEqual([0, 0, 0, 3]))
        #expect(goodbye.debugText == Farewell.shutdown.text)
        #expect(client.isClosed(timeout: 3_000))
        #expect(stopping.join() < 1_000)
    }

    @Test("goes on with a stream that its client makes room for just as the goodbye is due.")
    func roomAtGoodbye() throws {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let loop = try EventLoop(application: SampleApplication())
        let client = RawConnection(connected: ends[1])
        loop.adopt(ends[0])
        client.write(RawConnection.get("/stream", stream: 1))
        // Adopted, answered as far as the windows go, told that the end is near; then the loop rests.
        for _ in 0..<3 { loop.turn(timeout: 0) }
        loop.beginDraining(10_000)
        for _ in 0..<2 { loop.turn(timeout: 0) }
        loop.goodbyeAt = 0
        for stream: UInt32 in [0, 1] {
            let room: [UInt8] = [1, 0, 0, 0]
            client.write(RawConnection.frame(RawConnection.windowUpdate, stream: stream, room))
        }
        var bytes = 0
        for _ in 0..<500 where bytes < 1_000_000 {
            loop.turn(timeout: 0)
            while let frame = client.next(timeout: 0) {
                #expect(frame.type != RawConnection.resetStream)
                if frame.type == 0 { bytes += frame.payload.count }
            }
        }
        #expect(bytes == 1_000_000)
    }

    @Test("does not wait the whole time for a client that takes nothing and sends PINGs.")
    func stuckReader() throws {
        let sample = try SampleServer()
        let client = try RawConnection(sample.path)
        client.write(RawConnection.frame(RawConnection.settings, [0, 4, 0, 0, 0, 0]))
        client.write(RawConnection.get("/page", stream: 1))
        #expect(client.first(RawConnection.headers)?.stream == 1)
        let stopping = Stopping(sample.server)
        // They are answered, but the request that waits comes no further by them.
        let ping = RawConnection.frame(RawConnection.ping, [UInt8](repeating: 0, count: 8))
        for _ in 0..<200 where client.write(ping) { usleep(30_000) }
        let milliseconds = stopping.join()
        #expect((1_000...6_000).contains(milliseconds), "\(milliseconds) ms")
    }
}
