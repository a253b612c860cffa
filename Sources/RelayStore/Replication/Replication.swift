/// What it takes to write through a log that several hosts share.
public struct Replication: Sendable {
    /// Makes a command of its encoding.
    ///
    /// - Parameter completion: told what came of it, whatever its type.
    public typealias Decoder = (
        _ encoding: [UInt8],
        _ completion: @escaping @Sendable (Result<any Sendable, StoreError>) -> Void
    ) throws(CommandFault) -> any WriteCommand

    /// The log.
    public let log: any SharedLog
    /// What this host is called in it.
    public let host: HostName
    /// Makes a decoder for one thread.
    let makeDecoder: @Sendable () -> Decoder

    /// Writes through a log as a host.
    ///
    /// - Parameter decoder: makes a decoder of every kind of command, for one thread.
    public init(
        _ log: any SharedLog, as host: HostName, decoder: @escaping @Sendable () -> Decoder
    ) {
        (self.log, self.host, makeDecoder) = (log, host, decoder)
    }
}
