import Glibc
import HTTP2

/// The process that serves, and relayd's own counters if it is a relayd.
struct ServerProcess: Sendable {
    let id: Int32
    private let adminSocket: String?

    /// - Parameter adminSocket: nil to find it in the process's command line.
    init(id: Int32, adminSocket: String? = nil) {
        self.id = id
        self.adminSocket = adminSocket ?? Self.adminSocket(of: id)
    }

    /// The process that the kernel names for a socket: the one that listened. Nil if it is gone, or if
    /// this program descends from it, as from a service manager that listens for its services:
    /// then it is not what serves.
    init?(serving id: Int32) {
        guard kill(id, 0) == 0 || errno == EPERM,
            !ProcessFile.descendants(of: id).contains(getpid())
        else { return nil }
        self.init(id: id)
    }

    /// `/admin/stat` as JSON; empty without an admin socket, or when it does not answer.
    func counters() -> [UInt8] {
        guard let adminSocket, let connection = try? ClientConnection(unix: adminSocket),
            let response = try? connection.perform(
                ClientRequest("GET", "/admin/stat"), timeout: Limits.probeTimeout),
            response.status == 200
        else { return [] }
        return response.body
    }

    /// `--admin-socket PATH`, or `admin.sock` in `--store DIR`, of a process called relayd.
    private static func adminSocket(of id: Int32) -> String? {
        let words = ProcessFile.read("/proc/\(id)/cmdline").split(separator: "\0").map(String.init)
        guard let program = words.first, program.hasSuffix("relayd") else { return nil }
        if let path = value(of: "--admin-socket", in: words) { return absolute(path, id) }
        return value(of: "--store", in: words).map { absolute($0 + "/admin.sock", id) }
    }

    private static func value(of option: String, in words: [String]) -> String? {
        for (index, word) in words.enumerated() {
            if word == option, index + 1 < words.count { return words[index + 1] }
            if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
        }
        return nil
    }

    /// A path as that process means it.
    private static func absolute(_ path: String, _ id: Int32) -> String {
        path.hasPrefix("/") ? path : "/proc/\(id)/cwd/\(path)"
    }
}
