import Glibc
import TestSupport
import Testing

@testable import HTTP2

@Suite("A listener that is given up")
struct ListenerTests {
    @Test("on a path refuses whoever finds it still, and whoever was in its backlog is served.")
    func unixBacklog() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("own.sock")
        let socket = try UnixSocket(path: path)
        // Bound only: a server that is starting up lets nobody in.
        #expect(throws: TransportError.system("connect to \(path)", errno: ECONNREFUSED)) {
            try UnixSocket.connect(path)
        }
        try socket.listen()
        // The socket by another name, for whoever has looked its path up before it is removed.
        let found = directory.file("found.sock")
        #expect(link(path, found) == 0)
        let early = try RawConnection(path)
        early.write(RawConnection.get("/missing", stream: 1))
        let server = try Server(applications: [SampleApplication(), SampleApplication()])
        server.listen(socket)
        try server.start()
        server.stop()
        #expect(early.first(RawConnection.headers)?.stream == 1)
        var last: RawConnection.Frame?
        while let frame = early.first(RawConnection.goAway) { last = frame }
        #expect(try #require(last).payload.prefix(4).elementsEqual([0, 0, 0, 1]))
        #expect(throws: TransportError.system("connect to \(path)", errno: ENOENT)) {
            try UnixSocket.connect(path)
        }
        #expect(throws: TransportError.system("connect to \(found)", errno: ECONNREFUSED)) {
            try UnixSocket.connect(found)
        }
        #expect(TemporaryDirectory.names(in: directory.path).sorted() == [".", "..", "found.sock"])
    }

    @Test("refuses who finds it between the end of its name and its own.")
    func turningAway() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("own.sock")
        let socket = try UnixSocket(path: path)
        try socket.listen()
        let found = directory.file("found.sock")
        #expect(link(path, found) == 0)
        let early = try UnixSocket.connect(path)
        socket.turnAway()
        #expect(throws: TransportError.system("connect to \(found)", errno: ECONNREFUSED)) {
            try UnixSocket.connect(found)
        }
        let accepted = accept(socket.descriptor, nil, nil)
        #expect(accepted >= 0)
        for descriptor in [early, accepted] { close(descriptor) }
    }

    @Test("on a port cuts nobody off: who comes too late is refused when it is closed.")
    func port() throws {
        let socket = try LoopbackSocket("127.0.0.1:0")
        try socket.listen()
        let early = try LoopbackSocket.connect(socket.endpoint)
        socket.turnAway()
        let late = try connecting(to: socket.port)
        let accepted = accept(socket.descriptor, nil, nil)
        #expect(accepted >= 0)
        // Nobody else is there: the late one has not been let in.
        #expect(accept(socket.descriptor, nil, nil) == -1 && errno == EAGAIN)
        #expect(send(early, "x", 1, Int32(MSG_NOSIGNAL)) == 1)
        socket.close()
        var byte: UInt8 = 0
        #expect(recv(accepted, &byte, 1, 0) == 1 && byte == UInt8(ascii: "x"))
        var poller = pollfd(fd: late, events: Int16(POLLOUT), revents: 0)
        #expect(poll(&poller, 1, 20_000) == 1)
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(late, SOL_SOCKET, SO_ERROR, &code, &length)
        #expect(code == ECONNREFUSED)
        for descriptor in [early, late, accepted] { close(descriptor) }
    }

    /// A socket that has begun to connect to a port of 127.0.0.1.
    private func connecting(to port: UInt16) throws -> Int32 {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        #expect(inet_pton(AF_INET, "127.0.0.1", &address.sin_addr) == 1)
        let result = withUnsafeBytes(of: &address) {
            connect(
                descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        try #require(result == -1 && errno == EINPROGRESS)
        return descriptor
    }
}
