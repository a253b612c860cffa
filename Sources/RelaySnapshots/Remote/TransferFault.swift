/// Why a repository does not go to another place, or come from there.
public enum TransferFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no rclone.
    case noRclone
    /// rclone failed.
    case rclone(verb: String, code: Int32, reason: String)
    /// The caller said stop.
    case interrupted
    /// There is no repository at a place that rclone knows.
    case noRepository(remote: String)
    /// Another repository is there.
    case otherRepository(path: String, remote: String)
    /// A repository has no snapshot, and all that is at the other place would be removed.
    case nothingToPush(path: String)
    /// A file has not arrived.
    case incomplete(path: String, remote: String)

    /// What happened and what to do about it.
    public var description: String {
        switch self {
        case .noRclone:
            "there is no rclone, which sends and fetches files: install the package rclone"
        case .rclone(let verb, let code, let reason):
            "rclone \(verb) ended with \(code): \(reason.isEmpty ? "it does not say why" : reason)"
        case .interrupted:
            "interrupted; what has arrived stays, and the same command goes on from there"
        case .noRepository(let remote):
            "there is no repository in \(remote): expected what relayctl snapshot push has sent there"
        case .otherRepository(let path, let remote):
            "\(remote) has another repository than \(path): choose another place"
        case .nothingToPush(let path):
            "\(path) has no snapshot, and --delete would remove all that were pushed: leave it out"
        case .incomplete(let path, let remote):
            "\(path) has not arrived in \(remote): push again"
        }
    }
}
