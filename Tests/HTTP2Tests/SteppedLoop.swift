import Glibc
import Synchronization
import Testing

@testable import HTTP2

/// A loop without a thread, so that all a client does is there when it first looks.
final class SteppedLoop {
    let application = SampleApplication()
    let loop: EventLoop

    init() throws { loop = try EventLoop(application: application) }

    /// A client whose connection the loop adopts with its next turn.
    func connect() -> RawConnection { RawConnection(connected: connectSocket()) }

    /// The client's end of a pair whose other end the loop adopts with its next turn.
    func connectSocket() -> Int32 {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        loop.adopt(ends[0])
        return ends[1]
    }

    /// Turns until no connection is left.
    ///
    /// - Returns: whether that came to pass.
    func finish() -> Bool {
        for _ in 0..<500 where loop.connectionCount > 0 { loop.turn(timeout: 10) }
        return loop.connectionCount == 0
    }

    var counted: Int { application.counted.load(ordering: .relaxed) }
}
