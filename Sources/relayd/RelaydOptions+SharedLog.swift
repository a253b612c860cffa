import Glibc
import RelayLog
import RelayRecords
import RelayStore

extension RelaydOptions {
    /// The log that the store shares with other hosts, connected; nil when none was given.
    func sharing() throws -> Replication? {
        guard let log else { return nil }
        let host = try host()
        let url = try JetStreamURL(log)
        let credentials = try logCredentials.map { try LogCredentials(path: $0) }
        let connected = try JetStreamLog(url, host: host.text, credentials: credentials)
        return .records(connected, as: host)
    }

    /// The name that was given, or the machine's up to its first dot.
    private func host() throws(StartupError) -> HostName {
        let text = hostName ?? Self.machineName
        guard let host = HostName(text) else { throw .badHostName(text) }
        return host
    }

    private static var machineName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        return String(name.prefix { $0 != "." })
    }
}
