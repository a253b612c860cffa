import Glibc
import HTTP2
import Testing

@Suite("A Unix socket")
struct UnixSocketTests {
    @Test("refuses a path that does not fit, and says how long it may be.")
    func longPath() {
        let path = "/tmp/" + String(repeating: "x", count: 120)
        #expect(throws: TransportError.pathTooLong(path, bytes: 125)) { try UnixSocket(path: path) }
    }

    @Test("is owned by one server at a time.")
    func ownership() throws {
        let path = "/tmp/relay-own-\(getpid()).sock"
        let first = try UnixSocket(path: path)
        #expect(throws: TransportError.socketInUse(path)) { try UnixSocket(path: path) }
        withExtendedLifetime(first) {}
        unlink(path + ".lock")
    }

    @Test("that a dead process left behind is taken over.")
    func stale() throws {
        let path = "/tmp/relay-stale-\(getpid()).sock"
        let dead = try bound(path)
        close(dead)
        #expect(access(path, F_OK) == 0)
        let socket = try UnixSocket(path: path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
        withExtendedLifetime(socket) {}
        unlink(path + ".lock")
    }

    @Test("that somebody serves without our lock is left alone.")
    func live() throws {
        let path = "/tmp/relay-live-\(getpid()).sock"
        let other = try bound(path)
        listen(other, 1)
        #expect(throws: TransportError.socketInUse(path)) { try UnixSocket(path: path) }
        #expect(access(path, F_OK) == 0)
        close(other)
        unlink(path)
        unlink(path + ".lock")
    }

    @Test("never replaces a file.")
    func file() throws {
        let path = "/tmp/relay-file-\(getpid()).sock"
        close(open(path, O_CREAT | O_RDWR, 0o600))
        #expect(throws: TransportError.notASocket(path)) { try UnixSocket(path: path) }
        #expect(access(path, F_OK) == 0)
        unlink(path)
        unlink(path + ".lock")
    }

    @Test("removes only its own file.")
    func replaced() throws {
        let path = "/tmp/relay-replaced-\(getpid()).sock"
        var socket: UnixSocket? = try UnixSocket(path: path)
        unlink(path)
        close(open(path, O_CREAT | O_RDWR, 0o600))
        withExtendedLifetime(socket) {}
        socket = nil
        #expect(access(path, F_OK) == 0)
        unlink(path)
        unlink(path + ".lock")
    }

    @Test(
        "on TCP is served on loopback addresses only.",
        arguments: [
            "0.0.0.0:0", "10.0.0.1:80", "[::]:0", "[fe80::1]:80", "[::ffff:127.0.0.1]:80", "::1:80",
            "[::1]", "[::1]:", "[::1]80", "[::1]:99999", "[127.0.0.1]:80",
        ])
    func loopbackOnly(address: String) {
        #expect(throws: TransportError.badAddress(address)) { try LoopbackSocket(address) }
    }

    private func bound(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        _ = withUnsafeBytes(of: &address) {
            bind(
                descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        return descriptor
    }
}
