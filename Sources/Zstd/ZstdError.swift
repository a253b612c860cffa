/// Why bytes could not be compressed or read back.
public enum ZstdError: Error, Equatable, Sendable {
    /// These bytes are no zstd frame, or were changed after they were written.
    case corrupted(reason: String)
    /// The bytes end inside a frame.
    case truncated
    /// The frame holds more bytes than the caller takes.
    case tooLarge(limit: Int)
    /// There is no memory for zstd's tables.
    case noMemory
}

extension ZstdError: CustomStringConvertible {
    /// What happened and what to do about it.
    public var description: String {
        switch self {
        case .corrupted(let reason):
            "the compressed bytes are damaged (\(reason)): take another copy"
        case .truncated: "the compressed bytes end too early: copy the file again"
        case .tooLarge(let limit): "the compressed bytes hold more than the \(limit) expected"
        case .noMemory: "no memory for compression: try again when more is free"
        }
    }
}
