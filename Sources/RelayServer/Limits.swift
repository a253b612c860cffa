/// Limits of the server, with their units and reasons.
public enum Limits {
    /// Seconds after which a client that was turned away may come again (Retry-After).
    static let retryAfterSeconds = 1

    /// Characters of an Idempotency-Key: 255. A UUID has 36.
    static let idempotencyKeyBytes = 255

    /// Bytes of an admin request's body: an account number and a label.
    static let adminBodyBytes = 4_096

    /// Bytes of lines that are loaded at once: 8 MiB, the largest body of the contract, so that every
    /// document of it fits.
    public static let loadBodyBytes = 8 << 20

    /// Event loops at most; beyond the cores of a machine more do not help.
    public static let maxLoops = 64

    /// Records of a selection that are found at once: the longest page of the contract. One that is
    /// asked for whole goes in steps of as many.
    static let selectedRecords = 1_000

    /// Bytes of a `Link` field besides path, query and cursor: its marks and the limit.
    static let linkBytes = 64
}
