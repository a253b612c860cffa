import CLMDB

/// What a power cut may cost. The two weaker choices are named for what they lose.
public enum Durability: Sendable {
    /// An acknowledged commit has been fdatasync'ed.
    case durable
    /// The last commits may be gone after a power cut (`MDB_NOMETASYNC`).
    case losesLastCommits
    /// The store may be damaged after a power cut (`MDB_NOSYNC`): for stores one can make again.
    case mayCorruptStore

    var flags: Int32 {
        switch self {
        case .durable: 0
        case .losesLastCommits: MDB_NOMETASYNC
        case .mayCorruptStore: MDB_NOSYNC
        }
    }
}

/// How to open an environment.
public struct EnvironmentOptions: Sendable {
    /// Bytes of address space to reserve; the file is sparse.
    public var mapBytes: Int
    /// Reader slots, counted over all processes.
    public var readers: UInt32
    /// What a power cut may cost.
    public var durability: Durability
    /// For a file that nobody writes to, such as a copy: no lock file, no writes.
    public var isReadOnly: Bool

    /// The defaults are right for a service: 64 GiB, 1 024 readers, durable.
    public init(
        mapBytes: Int = Limits.mapBytes, readers: UInt32 = Limits.readers,
        durability: Durability = .durable, isReadOnly: Bool = false
    ) {
        self.mapBytes = mapBytes
        self.readers = readers
        self.durability = durability
        self.isReadOnly = isReadOnly
    }

    var flags: UInt32 {
        UInt32(MDB_NOTLS | durability.flags | (isReadOnly ? MDB_RDONLY | MDB_NOLOCK : 0))
    }
}
