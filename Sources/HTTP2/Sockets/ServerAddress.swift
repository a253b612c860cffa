/// Where a server listens, as a client names it.
public enum ServerAddress: Equatable, Sendable {
    /// A Unix socket's path.
    case unix(String)
    /// A loopback address such as `127.0.0.1:8080`.
    case loopback(String)

    /// Connects.
    ///
    /// - Returns: a blocking descriptor that the caller closes.
    func connect() throws(TransportError) -> Int32 {
        switch self {
        case .unix(let path): try UnixSocket.connect(path)
        case .loopback(let address): try LoopbackSocket.connect(address)
        }
    }
}
