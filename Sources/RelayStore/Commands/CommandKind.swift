/// The kinds of commands: each is a type that is a `StoreCommand`.
///
/// The numbers are part of an encoding that outlives the process: never reuse one.
public enum CommandKind: UInt8, CaseIterable, Sendable {
    /// A change of records, which names its own kind: see `ChangeKind` in RelayRecords.
    case changeRecords = 1
    /// Lines of a dump.
    case load = 2
    case putChunk = 3
    case removeUploads = 4
    case createKey = 5
    case revokeKey = 6
    case limitKey = 7
    case noteKeyUse = 8
    case setQuota = 9
    /// A message of a log that hosts share, with commands in it.
    case replicate = 10
    /// One that came before as an upload, because it is too long for such a message.
    case uploaded = 11
    /// A level of a log that hosts share.
    case raiseLevel = 12
    /// A place in a log that hosts share.
    case markLog = 13
}

/// Why bytes are no command that this program can carry out. Whoever reads commands stops here: to pass
/// one over would give another store than the one that they came from.
public enum CommandFault: Error, Equatable, Sendable {
    /// A newer program made it.
    case unknownKind(UInt8)
    /// They are not what a command of that kind is written as.
    case malformed(CommandKind)
    /// It is of a message of a level that this program does not read.
    case newerLevel(UInt8)
    /// Less than a command's head.
    case cut
}

extension CommandFault: CustomStringConvertible {
    /// What is wrong.
    public var description: String {
        switch self {
        case .unknownKind(let number):
            "a command of kind \(number), which this program does not know: use the newer one that made it"
        case .malformed(let kind): "a command of kind \(kind) that cannot be read"
        case .newerLevel(let level):
            "a message of level \(level) of a log that hosts share, which this program does not know: use "
                + "the newer one that applied it"
        case .cut: "a command without its head"
        }
    }
}
