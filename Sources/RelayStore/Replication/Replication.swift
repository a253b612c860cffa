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
    /// The version of this program, for other hosts.
    public var version = ""
    /// The highest level of messages that is read.
    var highestLevel = Limits.logLevel
    /// Milliseconds after which a host that does not hear of its log refuses reads; nil for never.
    public var staleReads: Int64?
    /// Whether a host answers reads though its store differs from those of most others.
    public var servesDiverged = false
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
