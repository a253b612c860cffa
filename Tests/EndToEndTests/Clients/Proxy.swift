import Glibc
import TestSupport
import Testing

/// A proxy of somebody else's, in front of a relayd: started with the configuration that the
/// documentation shows, but for the places in it.
final class Proxy {
    /// The proxies that Debian has, by the names of their configurations.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case haproxy = "haproxy.cfg"
        case nghttpx = "nghttpx.conf"
        case nginx = "nginx.conf"
        case apache = "apache.conf"
        case caddy = "Caddyfile"

        var testDescription: String { "\(self)" }

        fileprivate func command(_ file: String) -> (program: String, arguments: [String]) {
            switch self {
            case .haproxy: ("haproxy", ["-f", file])
            case .nghttpx: ("nghttpx", ["--conf=\(file)", "--single-process"])
            case .nginx: ("nginx", ["-c", file, "-g", "daemon off; master_process off;"])
            case .apache: ("apache2", ["-X", "-f", file])
            case .caddy: ("caddy", ["run", "--config", file, "--adapter", "caddyfile"])
            }
        }
    }

    /// The version of HTTP that a client speaks to a proxy.
    enum Version: String, CaseIterable {
        case http1 = "--http1.1"
        case http2 = "--http2-prior-knowledge"
    }

    private let process: ChildProcess
    private let ports: [Version: Int]

    /// Starts a proxy and waits until it takes connections.
    ///
    /// - Parameters:
    ///   - socket: relayd's, and `port` its loopback port.
    ///   - directory: for the proxy's configuration and what it writes.
    init(_ kind: Kind, socket: String, port: Int, in directory: TemporaryDirectory) throws {
        let front = try Self.freePorts(2)
        ports = [.http2: front[0], .http1: kind == .nginx ? front[1] : front[0]]
        var text = readText(Self.configurations + "/" + kind.rawValue)
        for (place, other) in [
            ("/run/relay/relay.sock", socket), ("/run/proxy", directory.path),
            ("127.0.0.1:8080", "127.0.0.1:\(front[0])"),
            ("127.0.0.1,8080", "127.0.0.1,\(front[0])"),
            ("127.0.0.1:8081", "127.0.0.1:\(front[1])"),
            ("127.0.0.1:8082", "127.0.0.1:\(port)"),
        ] { text.replace(place, with: other) }
        let file = directory.file(kind.rawValue)
        try writeBytes(file, Array(text.utf8))
        let command = kind.command(file)
        let program = try #require(
            ["/usr/sbin/", "/usr/bin/", "/usr/local/bin/"].map { $0 + command.program }
                .first { access($0, X_OK) == 0 },
            "no \(command.program): tools/bootstrap --tests installs it")
        let log = directory.file("proxy.log")
        process = ChildProcess(
            program, command.arguments, output: log, environment: ["HOME=\(directory.path)"])
        for _ in 0..<2_000 {
            if front[..<(kind == .nginx ? 2 : 1)].allSatisfy(Self.isOpen) { return }
            usleep(5_000)
        }
        throw TestFailure("\(kind) does not listen: \(readText(log))")
    }

    /// curl through the proxy.
    func curl(_ version: Version, key: String?) -> CurlClient {
        CurlClient("http://127.0.0.1:\(ports[version]!)", [version.rawValue], key: key)
    }

    // MARK: Places

    private static let configurations: String = {
        let root = "\(#filePath)".split(separator: "/").dropLast(4).joined(separator: "/")
        return "/\(root)/tools/docs/proxies"
    }()

    /// Ports that nobody listens on now.
    private static func freePorts(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        return try (0..<count).map { _ in
            let (descriptor, port) = try #require(bound(), "no free port")
            sockets.append(descriptor)
            return port
        }
    }

    private static func bound() -> (Int32, Int)? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutableBytes(of: &address) {
            let address = $0.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return bind(descriptor, address, length) == 0
                && getsockname(descriptor, address, &length) == 0
        }
        return result ? (descriptor, Int(UInt16(bigEndian: address.sin_port))) : nil
    }

    private static func isOpen(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return withUnsafeBytes(of: loopback(port)) {
            connect(
                descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t($0.count)) == 0
        }
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}

/// Why a test cannot go on.
struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
