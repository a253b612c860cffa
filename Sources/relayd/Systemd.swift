import Glibc
import HTTP2

/// A listening socket that a service manager has passed, and what it is for.
struct PassedListener: Sendable {
    /// What is served on it.
    enum Role: Sendable, Equatable { case api, admin }

    /// The socket.
    let socket: PassedSocket
    /// What it is for.
    let role: Role
}

/// Why sockets that were passed cannot be taken over.
enum PassedListenerError: Error, Equatable, CustomStringConvertible {
    /// A variable of the environment that is no number.
    case badVariable(String, value: String, expected: String)
    /// Other names than descriptors.
    case otherNames(String, count: Int)
    /// A name that means nothing here.
    case unknownName(String, descriptor: Int32)
    /// A descriptor that cannot be served.
    case socket(TransportError)
    /// The admin operations over TCP.
    case adminOverTCP(place: String)

    /// What is wrong and what was expected.
    var description: String {
        switch self {
        case .badVariable(let name, let value, let expected):
            "\(name) is '\(value)': expected \(expected)"
        case .otherNames(let names, let count):
            "LISTEN_FDNAMES is '\(names)': expected \(count) names with colons between them, as "
                + "LISTEN_FDS says"
        case .unknownName(let name, let descriptor):
            "descriptor \(descriptor) is called '\(name)' in LISTEN_FDNAMES: expected api or admin "
                + "(FileDescriptorName= of the socket unit)"
        case .socket(let error): "passed by LISTEN_FDS: \(error)"
        case .adminOverTCP(let place):
            "the admin operations cannot be served on \(place): only on a Unix socket, which tells "
                + "who its clients are"
        }
    }
}

/// What systemd offers a service: sockets that it opened, and news of our state.
///
/// The protocols are a few lines each (sd_listen_fds(3), sd_notify(3)), so no library.
enum Systemd {
    /// The first descriptor that socket activation passes (SD_LISTEN_FDS_START).
    private static let firstDescriptor: Int32 = 3

    /// Takes the listening sockets that were passed to this process over. Programs that it starts
    /// get neither them nor the variables.
    ///
    /// A socket whose name is `admin` is for the admin operations; one that is called `api`, or has
    /// a name that systemd gives by itself, is for the API.
    ///
    /// - Parameter log: told when there are some, but for another process.
    static func takeListeners(
        log: (String) -> Void
    ) throws(PassedListenerError) -> [PassedListener] {
        let (pid, count) = (variable("LISTEN_PID"), variable("LISTEN_FDS"))
        let names = variable("LISTEN_FDNAMES")
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"] {
            unsetenv(name)
        }
        guard let pid, let count else { return [] }
        guard let process = pid_t(pid), process > 0 else {
            throw .badVariable("LISTEN_PID", value: pid, expected: "a process id")
        }
        if process != getpid() {
            log(
                "the sockets of LISTEN_FDS are for process \(process) and not for this one, "
                    + "\(getpid()): they are left alone")
            return []
        }
        guard let number = Int32(count), number >= 0 else {
            throw .badVariable("LISTEN_FDS", value: count, expected: "the number of passed sockets")
        }
        return try listeners(number, names)
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func listeners(
        _ count: Int32, _ text: String?
    ) throws(PassedListenerError) -> [PassedListener] {
        let names = text.map { $0.split(separator: ":", omittingEmptySubsequences: false) }
        if let text, let names, names.count != Int(count), !(text.isEmpty && count == 0) {
            throw .otherNames(text, count: Int(count))
        }
        var listeners: [PassedListener] = []
        for index in 0..<count {
            let descriptor = firstDescriptor + index
            let role = try role(of: names?[Int(index)] ?? "", descriptor)
            do throws(TransportError) {
                let socket = try PassedSocket(descriptor: descriptor)
                listeners.append(PassedListener(socket: socket, role: role))
            } catch {
                throw .socket(error)
            }
            if role == .admin, let last = listeners.last, last.socket.isTCP {
                throw .adminOverTCP(place: last.socket.endpoint)
            }
        }
        return listeners
    }

    /// What a name stands for. Without FileDescriptorName= systemd says the socket unit's, `unknown`
    /// or `connection`: that is never taken for the admin operations.
    private static func role(
        of name: Substring, _ descriptor: Int32
    ) throws(PassedListenerError) -> PassedListener.Role {
        switch name {
        case "admin": return .admin
        case "api", "", "unknown", "connection": return .api
        default:
            if name.hasSuffix(".socket") { return .api }
            throw .unknownName(String(name), descriptor: descriptor)
        }
    }

    /// Tells the service manager our state, such as `READY=1`; does nothing when there is none.
    static func notify(_ state: String) {
        guard let path = getenv("NOTIFY_SOCKET") else { return }
        let bytes = Array(String(cString: path).utf8)
        var address = sockaddr_un()
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            return
        }
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `address` lives through the closures; the length was checked above.
        withUnsafeMutableBytes(of: &address.sun_path) { space in
            space.copyBytes(from: bytes)
            // An abstract socket's name begins with a zero byte, written as @.
            if bytes[0] == UInt8(ascii: "@") { space[0] = 0 }
        }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        _ = withUnsafeBytes(of: &address) { raw in
            sendto(
                descriptor, state, state.utf8.count, Int32(MSG_NOSIGNAL),
                raw.baseAddress!.assumingMemoryBound(to: sockaddr.self), length)
        }
    }
}
