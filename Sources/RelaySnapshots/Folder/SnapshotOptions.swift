/// How to take a snapshot.
public struct SnapshotOptions: Sendable {
    /// What the admin calls it.
    public var label: String?
    /// Leaves free pages out and packs the rest.
    public var isCompact: Bool
    /// Bytes a second that are copied at most.
    public var bytesPerSecond: Int?
    /// Bytes that the store may grow by meanwhile.
    public var growthBytes: Int
    /// The program that takes it, with its version, for the manifest.
    public var program: String

    /// The defaults copy as fast as the disk takes it.
    public init(
        label: String? = nil, isCompact: Bool = false, bytesPerSecond: Int? = nil,
        growthBytes: Int = Limits.growthBytes, program: String
    ) {
        self.label = label
        self.isCompact = isCompact
        self.bytesPerSecond = bytesPerSecond
        self.growthBytes = growthBytes
        self.program = program
    }
}

/// What became of a snapshot.
public struct SnapshotOutcome: Sendable {
    /// How to name it to the other commands.
    public var id: String
    /// What is in it.
    public var manifest: Manifest
    /// Bytes by which the store has grown meanwhile.
    public var growth: Int
    /// Milliseconds that it took.
    public var milliseconds: Int
}
